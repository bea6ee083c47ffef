"""The base of branches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from etesian.operators.skipping import BranchMixIn
from etesian.sdk.tasks.operator import BaseOperator

if TYPE_CHECKING:
    from etesian.sdk.context import Context


class BaseBranchOperator(BaseOperator, BranchMixIn):
    """Chooses which of the tasks after it run: a subclass writes ``choose_branch``."""

    def choose_branch(self, context: Context) -> str | Iterable[str] | None:
        """Return the task_id or task_ids to run, of groups too; None skips them all."""
        raise NotImplementedError(f"{type(self).__name__} has no choose_branch()")

    def execute(self, context: Context) -> Any:
        """Choose, and skip the rest."""
        return self.do_branch(context, self.choose_branch(context))

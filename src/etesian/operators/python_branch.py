"""Python functions that decide which of the tasks after them run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from etesian.operators.branch import BaseBranchOperator
from etesian.operators.python_callable import PythonOperator
from etesian.operators.skipping import SkipMixin, push_result

if TYPE_CHECKING:
    from etesian.sdk.context import Context


class BranchPythonOperator(PythonOperator, BaseBranchOperator):
    """Calls a function that returns the task_id or task_ids to go on with; the others are skipped."""

    def choose_branch(self, context: Context) -> str | Iterable[str] | None:
        """Return what the function returns."""
        chosen: str | Iterable[str] | None = PythonOperator.execute(self, context)
        return chosen

    def execute(self, context: Context) -> Any:
        """Choose, and skip the rest."""
        return self.do_branch(context, self.choose_branch(context))


class ShortCircuitOperator(PythonOperator, SkipMixin):
    """Calls a function and goes on only if it returns something true.

    Otherwise all tasks after it are skipped, whatever their trigger rules; with
    ``ignore_downstream_trigger_rules=False`` only those directly after it. Teardowns are never skipped.
    """

    def __init__(self, *, ignore_downstream_trigger_rules: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ignore_downstream_trigger_rules = ignore_downstream_trigger_rules

    def execute(self, context: Context) -> Any:
        """Call the function, and skip what follows if it returns something false."""
        condition = super().execute(context)
        if condition:
            self.log.info("The condition is %r: going on", condition)
            return condition
        self.skip(context["ti"], self._skip_all_after(context, condition))
        return condition

    def _skip_all_after(self, context: Context, condition: Any) -> list[Any]:
        relatives = (
            self.get_flat_relatives() if self.ignore_downstream_trigger_rules else self.downstream_list
        )
        skipped = [task for task in relatives if not task.is_teardown]
        if skipped:
            self.log.info("The condition is %r: skipping %s", condition, [task.task_id for task in skipped])
            push_result(context, condition)
        return skipped

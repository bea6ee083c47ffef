"""Base classes of operators that only Airflow's names know."""

from __future__ import annotations

import asyncio
from typing import Any

from etesian.sdk.tasks.operator import BaseOperator


class BaseAsyncOperator(BaseOperator):
    """An operator whose work is a coroutine, run in the task's own process."""

    @property
    def is_async(self) -> bool:
        """Always."""
        return True

    async def aexecute(self, context: Any) -> Any:
        """Do the work; subclasses override it.

        Raises:
            TypeError: this class does not.
        """
        raise TypeError(f"{type(self).__name__} must define `async def aexecute(self, context)`")

    def execute(self, context: Any) -> Any:
        """Run ``aexecute`` to its end."""
        return asyncio.run(self.aexecute(context))

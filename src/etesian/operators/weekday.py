"""Branches by day of the week."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from etesian.foundation.clock import utc_now
from etesian.operators.branch import BaseBranchOperator
from etesian.sdk.time.weekday import WeekDay

if TYPE_CHECKING:
    from etesian.sdk.context import Context


class BranchDayOfWeekOperator(BaseBranchOperator):
    """Goes one way on some days of the week and another way on the others.

    The day is the clock's in UTC, or with ``use_task_logical_date`` that of the run's logical date.
    """

    def __init__(
        self,
        *,
        follow_task_ids_if_true: str | Iterable[str],
        follow_task_ids_if_false: str | Iterable[str],
        week_day: str | WeekDay | Iterable[str | WeekDay],
        use_task_logical_date: bool = False,
        use_task_execution_day: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.follow_task_ids_if_true = follow_task_ids_if_true
        self.follow_task_ids_if_false = follow_task_ids_if_false
        self.week_day = week_day
        self.use_task_logical_date = use_task_logical_date or use_task_execution_day
        self._week_day_num = WeekDay.validate_week_day(week_day)

    def choose_branch(self, context: Context) -> str | Iterable[str]:
        """Return the way of the day."""
        moment = context["logical_date"] if self.use_task_logical_date else utc_now()
        if moment.isoweekday() in self._week_day_num:
            return self.follow_task_ids_if_true
        return self.follow_task_ids_if_false

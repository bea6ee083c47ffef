"""Branches by date and time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from etesian.foundation.clock import utc_now
from etesian.operators.branch import BaseBranchOperator
from etesian.sdk.exceptions import InvalidDagError

if TYPE_CHECKING:
    from etesian.sdk.context import Context


class BranchDateTimeOperator(BaseBranchOperator):
    """Goes one way between two moments, both included, and another way outside.

    A bound that is a time of day means that time on the day it is compared; when both are times and the
    upper one is the smaller, it is on the next day. The moment compared is the clock's, or the run's
    logical date.
    """

    def __init__(
        self,
        *,
        follow_task_ids_if_true: str | Iterable[str],
        follow_task_ids_if_false: str | Iterable[str],
        target_lower: datetime | time | None,
        target_upper: datetime | time | None,
        use_task_logical_date: bool = False,
        use_task_execution_date: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if target_lower is None and target_upper is None:
            raise InvalidDagError(f"task {self.task_id!r} needs target_lower, target_upper or both")
        self.follow_task_ids_if_true = follow_task_ids_if_true
        self.follow_task_ids_if_false = follow_task_ids_if_false
        self.target_lower = target_lower
        self.target_upper = target_upper
        self.use_task_logical_date = use_task_logical_date or use_task_execution_date

    def choose_branch(self, context: Context) -> str | Iterable[str]:
        """Return the way of the moment."""
        now = _aware(context["logical_date"] if self.use_task_logical_date else utc_now())
        lower, upper = target_times_as_dates(now, self.target_lower, self.target_upper)
        is_inside = (lower is None or lower <= now) and (upper is None or now <= upper)
        return self.follow_task_ids_if_true if is_inside else self.follow_task_ids_if_false


def target_times_as_dates(
    base_date: datetime, lower: datetime | time | None, upper: datetime | time | None
) -> tuple[datetime | None, datetime | None]:
    """Return both bounds as aware moments; times of day are on the day of ``base_date``."""
    low, high = _on_day(base_date, lower), _on_day(base_date, upper)
    if isinstance(lower, time) and isinstance(upper, time) and low and high and high < low:
        high += timedelta(days=1)
    return low, high


def _on_day(base_date: datetime, bound: datetime | time | None) -> datetime | None:
    if bound is None:
        return None
    if isinstance(bound, datetime):
        return _aware(bound)
    return datetime.combine(base_date.date(), bound, tzinfo=bound.tzinfo or base_date.tzinfo)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

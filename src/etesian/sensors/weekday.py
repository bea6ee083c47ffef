"""Sensors that wait for a day of the week."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from etesian.foundation.clock import utc_now
from etesian.sdk.time.weekday import WeekDay
from etesian.sensors.base import BaseSensorOperator

if TYPE_CHECKING:
    from etesian.sdk.context import Context


class DayOfWeekSensor(BaseSensorOperator):
    """Waits for one of several days: by the clock in UTC, or by the run's logical date."""

    def __init__(
        self,
        *,
        week_day: str | WeekDay | Iterable[str | WeekDay],
        use_task_logical_date: bool = False,
        use_task_execution_day: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.week_day = week_day
        self.use_task_logical_date = use_task_logical_date or use_task_execution_day
        self._week_day_num = WeekDay.validate_week_day(week_day)

    def poke(self, context: Context) -> bool:
        """Return whether it is one of the days."""
        moment = context["logical_date"] if self.use_task_logical_date else utc_now()
        return moment.isoweekday() in self._week_day_num

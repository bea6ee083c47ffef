"""Sensors that wait for a time of the day."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from etesian.sensors.waiting import MomentSensor

if TYPE_CHECKING:
    from etesian.sdk.context import Context


class TimeSensor(MomentSensor):
    """Waits until ``target_time`` on the day on which it first looked, in the time zone of its DAG."""

    def __init__(self, *, target_time: time, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_time = target_time

    def find_moment(self, context: Context) -> datetime:
        """Return today's moment of that time."""
        zone = self.target_time.tzinfo or (self.dag.timezone if self.has_dag() else UTC)
        today = self._first_look_at(context).astimezone(zone).date()
        return datetime.combine(today, self.target_time.replace(tzinfo=None), tzinfo=zone).astimezone(UTC)


class TimeSensorAsync(TimeSensor):
    """Waits for the time on the triggerer."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("deferrable", True)
        super().__init__(**kwargs)

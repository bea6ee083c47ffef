"""Sensors that wait for a date and time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from etesian.sdk.time.timezone import convert_to_utc
from etesian.sensors.base import SensorArgumentError
from etesian.sensors.waiting import MomentSensor

if TYPE_CHECKING:
    from etesian.sdk.context import Context


class DateTimeSensor(MomentSensor):
    """Waits until ``target_time``: a datetime, or text in ISO form, which may be a template."""

    template_fields: Sequence[str] = ("target_time",)

    def __init__(self, *, target_time: str | datetime, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(target_time, datetime):
            self.target_time: str = target_time.isoformat()
        elif isinstance(target_time, str):
            self.target_time = target_time
        else:
            raise SensorArgumentError(
                f"target_time of sensor {self.task_id!r} must be a datetime or text, got {target_time!r}"
            )

    def find_moment(self, context: Context) -> datetime:
        """Return the moment."""
        return convert_to_utc(self.target_time)


class DateTimeSensorAsync(DateTimeSensor):
    """Waits on the triggerer."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("deferrable", True)
        super().__init__(**kwargs)

"""Sensors that wait for a length of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from etesian.foundation.clock import utc_now
from etesian.sensors.waiting import MomentSensor

if TYPE_CHECKING:
    from etesian.sdk.context import Context


class TimeDeltaSensor(MomentSensor):
    """Waits until ``delta`` after the end of the run's data interval, or else after the run was due."""

    template_fields: Sequence[str] = ("delta",)

    def __init__(self, *, delta: timedelta | float | str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.delta = delta

    def find_moment(self, context: Context) -> datetime:
        """Return the moment."""
        run = context["dag_run"]
        base = context.get("data_interval_end") or run.data_interval_end or run.run_after
        moment: datetime = base + as_delta(self.delta)
        return moment


class TimeDeltaSensorAsync(TimeDeltaSensor):
    """Waits on the triggerer."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("deferrable", True)
        super().__init__(**kwargs)


class WaitSensor(MomentSensor):
    """Waits ``time_to_wait`` from its own start."""

    template_fields: Sequence[str] = ("time_to_wait",)

    def __init__(self, *, time_to_wait: timedelta | float | str, **kwargs: Any) -> None:
        # A sensor that looks once a minute would wait too long: it looks when the time is up.
        length = as_delta(time_to_wait).total_seconds() if not isinstance(time_to_wait, str) else 1.0
        kwargs.setdefault("poke_interval", max(length, 0.0))
        super().__init__(**kwargs)
        self.time_to_wait = time_to_wait
        self._started_at: datetime | None = None

    def find_moment(self, context: Context) -> datetime:
        """Return the moment."""
        if self._started_at is None:
            self._started_at = self._first_look_at(context)
        return self._started_at + as_delta(self.time_to_wait)

    def poke(self, context: Context) -> bool:
        """Return whether the time is up."""
        return utc_now() >= self.find_moment(context)


def as_delta(value: timedelta | float | str) -> timedelta:
    """Return a length of time given as one, or as seconds (a rendered template is text)."""
    return value if isinstance(value, timedelta) else timedelta(seconds=float(value))

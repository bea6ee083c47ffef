"""Time zones and durations as authors give them, turned into what a spec can hold."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from etesian.sdk.exceptions import AirflowTimetableInvalid
from etesian.sdk.time.timezone import zone_name


class DeltaParts(NamedTuple):
    """A duration: exact seconds, and months that follow the calendar."""

    seconds: float
    months: int


def timezone_name(timezone: str | tzinfo | None) -> str:
    """Return the IANA name of a time zone, or an offset such as ``+02:00``; None is UTC."""
    return timezone if isinstance(timezone, str) else zone_name(timezone)


def delta_parts(delta: Any) -> DeltaParts:
    """Return the parts of a ``timedelta``, a ``relativedelta``, or a number of seconds.

    Raises:
        AirflowTimetableInvalid: it is something else, or fixes a field instead of adding to it, as
            ``relativedelta(hour=3)`` does.

    >>> from dateutil.relativedelta import relativedelta
    >>> delta_parts(relativedelta(months=1, days=2)), delta_parts(timedelta(hours=1))
    (DeltaParts(seconds=172800.0, months=1), DeltaParts(seconds=3600.0, months=0))
    """
    if isinstance(delta, timedelta):
        return DeltaParts(delta.total_seconds(), 0)
    if isinstance(delta, int | float) and not isinstance(delta, bool):
        return DeltaParts(float(delta), 0)
    if not _is_relativedelta(delta):
        raise AirflowTimetableInvalid(
            f"a duration must be a timedelta or a relativedelta, got {type(delta).__name__}: {delta!r}"
        )
    fixed = [
        name
        for name in ("year", "month", "day", "weekday", "hour", "minute", "second")
        if getattr(delta, name) is not None
    ]
    if fixed:
        raise AirflowTimetableInvalid(
            f"{delta!r} fixes {', '.join(fixed)}; a schedule needs a duration such as relativedelta(months=1)"
        )
    exact = timedelta(days=delta.days, hours=delta.hours, minutes=delta.minutes, seconds=delta.seconds)
    exact += timedelta(microseconds=delta.microseconds)
    return DeltaParts(exact.total_seconds(), delta.years * 12 + delta.months)


def _is_relativedelta(delta: object) -> bool:
    # Whoever holds one has imported its module; the others need not pay for it.
    module = sys.modules.get("dateutil.relativedelta")
    return module is not None and isinstance(delta, module.relativedelta)


def check_aware(moment: datetime, what: str) -> datetime:
    """Return ``moment`` if it has a time zone.

    Raises:
        AirflowTimetableInvalid: it has none.
    """
    if moment.tzinfo is None:
        raise AirflowTimetableInvalid(
            f"{what} {moment.isoformat()} has no time zone; use pendulum.datetime(..., tz=...)"
        )
    return moment

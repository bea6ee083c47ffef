"""How long something took, as Airflow's API writes it."""

from __future__ import annotations

from datetime import datetime

import msgspec


class TimeDelta(msgspec.Struct, frozen=True, kw_only=True):
    """A length of time, split as Airflow's API splits it."""

    days: int
    seconds: int
    microseconds: int
    type: str = msgspec.field(name="__type", default="TimeDelta")


def to_time_delta(seconds: float | None) -> TimeDelta | None:
    """Return a number of seconds as a ``TimeDelta``.

    >>> to_time_delta(90061.5)
    TimeDelta(days=1, seconds=3661, microseconds=500000, type='TimeDelta')
    """
    if seconds is None:
        return None
    days, rest = divmod(seconds, 86_400)
    whole = int(rest)
    return TimeDelta(days=int(days), seconds=whole, microseconds=round((rest - whole) * 1_000_000))


def seconds_between(start: datetime | None, end: datetime | None) -> float | None:
    """Return how long something took; None while it has not ended."""
    return None if start is None or end is None else (end - start).total_seconds()

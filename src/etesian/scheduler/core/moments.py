"""Moments and waits that come from outside: whatever somebody wrote, they can be added and compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

#: A hundred years. Who writes a longer wait means for ever, and the calendar ends in the year 9999.
LONGEST_WAIT: Final = timedelta(days=36525)


def wait_of(seconds: float) -> timedelta:
    """Return a wait of so many seconds, not longer than ``LONGEST_WAIT``; none at all if it is not a positive number.

    >>> wait_of(90), wait_of(-1), wait_of(float("nan")), wait_of(1e300) == LONGEST_WAIT
    (datetime.timedelta(seconds=90), datetime.timedelta(0), datetime.timedelta(0), True)
    """
    return timedelta(seconds=min(seconds, LONGEST_WAIT.total_seconds())) if seconds > 0 else timedelta(0)


def as_utc(moment: datetime, now: datetime) -> datetime:
    """Return a reported moment as aware UTC (without a zone it is meant as UTC), at most ``LONGEST_WAIT`` ahead."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return min(aware, now + LONGEST_WAIT)

"""Steps of calendar months."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime


def add_months(moment: datetime, months: int) -> datetime:
    """Return the same day and time ``months`` later (or earlier); the last day where that month is too short.

    >>> add_months(datetime(2030, 1, 31), 1)
    datetime.datetime(2030, 2, 28, 0, 0)
    """
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))

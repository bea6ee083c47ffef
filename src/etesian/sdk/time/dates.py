"""Dates as older DAG files compute them, and the names of common schedules."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from etesian.sdk.exceptions import AirflowException
from etesian.sdk.time.timezone import utcnow

#: what the names of schedules mean
CRON_PRESETS: Final[dict[str, str]] = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
cron_presets = CRON_PRESETS


def days_ago(n: int, hour: int = 0, minute: int = 0, second: int = 0, microsecond: int = 0) -> dt.datetime:
    """Return a time of day in UTC, ``n`` days before today."""
    today = utcnow().replace(hour=hour, minute=minute, second=second, microsecond=microsecond)
    return today - dt.timedelta(days=n)


def date_range(
    start_date: dt.datetime, end_date: dt.datetime | None = None, num: int | None = None, delta: Any = None
) -> list[dt.datetime]:
    """Return the moments from ``start_date`` on, ``delta`` apart: up to ``end_date``, or ``num`` of them.

    Raises:
        AirflowException: both or none of ``end_date`` and ``num`` are given, or there is no ``delta``.
    """
    if not delta:
        return []
    if (end_date is None) == (num is None):
        raise AirflowException("date_range() needs either end_date or num")
    if (
        not isinstance(delta, dt.timedelta)
        and not hasattr(delta, "relativedelta")
        and not hasattr(delta, "months")
    ):
        raise AirflowException(f"date_range() takes a timedelta or a relativedelta, got {delta!r}")
    found: list[dt.datetime] = []
    moment = start_date
    forward = num is None or num > 0
    while len(found) < abs(num) if num is not None else end_date is not None and moment <= end_date:
        found.append(moment)
        moment = moment + delta if forward else moment - delta
    return sorted(found)


def round_time(dt_: dt.datetime, delta: Any, start_date: dt.datetime | None = None) -> dt.datetime:
    """Return the last moment not after ``dt_`` that is a whole number of ``delta`` after ``start_date`` (1970
    by default).
    """
    origin = start_date or dt.datetime(1970, 1, 1, tzinfo=dt_.tzinfo or dt.UTC)
    if isinstance(delta, dt.timedelta):
        return origin + (dt_ - origin) // delta * delta
    moment = origin
    while moment + delta <= dt_:
        moment = moment + delta
    return moment


_UNITS: Final = (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0), ("seconds", 1.0))


def infer_time_unit(time_seconds_arr: list[float]) -> str:
    """Return the unit in which these numbers of seconds are read most easily."""
    longest = max(time_seconds_arr, default=0.0)
    if longest <= 120:
        return "seconds"
    if longest <= 7200:
        return "minutes"
    return "hours" if longest <= 172800 else "days"


def scale_time_units(time_seconds_arr: list[float], unit: str) -> list[float]:
    """Return numbers of seconds in another unit."""
    size = dict(_UNITS).get(unit, 1.0)
    return [seconds / size for seconds in time_seconds_arr]


def parse_execution_date(execution_date_str: str) -> dt.datetime:
    """Return the moment that an ISO text names; without an offset it is meant in UTC."""
    moment = dt.datetime.fromisoformat(execution_date_str)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)

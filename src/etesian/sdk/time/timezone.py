"""Time zones and moments for authors: ``timezone.utcnow()``, ``timezone.datetime(2030, 1, 1)`` and their
sisters.

Dates given by authors are plain or pendulum datetimes; nothing here imports pendulum unless a function
returns one.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from etesian.foundation.clock import utc_now
from etesian.sdk.defaults import authoring_defaults

if TYPE_CHECKING:
    import pendulum

utc = dt.UTC


def utcnow() -> dt.datetime:
    """Return the current moment, aware, in UTC."""
    return utc_now()


def utc_epoch() -> dt.datetime:
    """Return 1970-01-01, aware, in UTC."""
    return dt.datetime(1970, 1, 1, tzinfo=utc)


def is_localized(value: dt.datetime) -> bool:
    """Return whether a datetime has a time zone."""
    return value.utcoffset() is not None


def is_naive(value: dt.datetime) -> bool:
    """Return whether a datetime has no time zone."""
    return value.utcoffset() is None


def make_aware(value: dt.datetime, timezone: Any = None) -> dt.datetime:
    """Return a naive datetime with a time zone, that of the settings by default.

    Raises:
        ValueError: it has one already.
    """
    if is_localized(value):
        raise ValueError(f"make_aware expects a naive datetime, got {value!r}")
    zone = as_tzinfo(timezone)
    if hasattr(zone, "localize"):  # pytz
        localized: dt.datetime = zone.localize(value)
        return localized
    return value.replace(tzinfo=zone)


def make_naive(value: dt.datetime, timezone: Any = None) -> dt.datetime:
    """Return an aware datetime as the wall clock of ``timezone`` shows it, without time zone.

    Raises:
        ValueError: it has no time zone.
    """
    if is_naive(value):
        raise ValueError(f"make_naive expects an aware datetime, got {value!r}")
    local = value.astimezone(as_tzinfo(timezone))
    return dt.datetime.combine(local.date(), local.time())


def as_tzinfo(value: Any) -> Any:
    """Return a tzinfo given as one, as an IANA name, or as None for that of the settings."""
    if value is None:
        value = authoring_defaults().timezone
    if value == "UTC":
        return utc
    if isinstance(value, str):
        return ZoneInfo(value)
    return value


def convert_to_utc(value: Any) -> dt.datetime:
    """Return a datetime, date or ISO text as an aware UTC datetime; what is naive is meant in the time zone of the
    settings.

    Raises:
        TypeError: it is none of these.
        ValueError: the text is not a date.
    """
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value)
    elif isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001  # made aware below
    if not isinstance(value, dt.datetime):
        raise TypeError("not a date")
    if is_naive(value):
        value = make_aware(value)
    moment = value.astimezone(utc)
    return dt.datetime(
        moment.year,
        moment.month,
        moment.day,
        moment.hour,
        moment.minute,
        moment.second,
        moment.microsecond,
        utc,
    )


def datetime(*args: Any, **kwargs: Any) -> dt.datetime:
    """Return an aware datetime, in UTC unless ``tzinfo`` says otherwise."""
    kwargs.setdefault("tzinfo", utc)
    return dt.datetime(*args, **kwargs)  # noqa: DTZ001  # the line above gives one


def parse(string: str, timezone: Any = None, *, strict: bool = False) -> pendulum.DateTime:
    """Return the moment that a text names; without an offset it is meant in ``timezone``, that of the
    settings by default.
    """
    import pendulum

    parsed = pendulum.parse(string, tz=as_tzinfo(timezone), strict=strict)
    return parsed if isinstance(parsed, pendulum.DateTime) else pendulum.instance(convert_to_utc(str(parsed)))


def coerce_datetime(value: dt.datetime | None, tz: Any = None) -> pendulum.DateTime | None:
    """Return an aware pendulum datetime, or None for None; what is naive is meant in ``tz``, or in the
    time zone of the settings.
    """
    if value is None:
        return None
    import pendulum

    if tz is None and value.tzinfo is utc:  # what the platform sends; ten times as fast as the general way
        time = value.hour, value.minute, value.second, value.microsecond
        return pendulum.DateTime(value.year, value.month, value.day, *time, pendulum.UTC)
    zone = as_tzinfo(tz)
    aware = value if is_localized(value) else make_aware(value, zone)
    moment = pendulum.instance(aware)
    return moment.in_timezone(zone) if tz is not None else moment


def parse_timezone(name: str | int) -> Any:
    """Return the time zone of an IANA name, or of an offset in seconds."""
    return dt.timezone(dt.timedelta(seconds=name)) if isinstance(name, int) else as_tzinfo(name)


def zone_name(value: dt.tzinfo | None) -> str:
    """Return the IANA name of a time zone of any library, or its offset such as ``+02:00``; None is UTC.

    Raises:
        ValueError: it has neither.

    >>> zone_name(dt.timezone(dt.timedelta(hours=2))), zone_name(ZoneInfo("Europe/Oslo")), zone_name(None)
    ('+02:00', 'Europe/Oslo', 'UTC')
    """
    if value is None:
        return "UTC"
    # zoneinfo calls it key, pytz zone, pendulum name; a fixed offset has at best a name of its own making.
    for attribute in ("key", "zone", "name"):
        name = getattr(value, attribute, None)
        if isinstance(name, str) and name and name[0] not in "+-":
            return name
    offset = value.utcoffset(None)
    if offset is None:
        raise ValueError(f"time zone {value!r} has no name; use an IANA name such as 'Europe/Oslo'")
    minutes = int(offset.total_seconds()) // 60
    if minutes == 0:
        return "UTC"
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def td_format(td: dt.timedelta | float | None) -> str | None:
    """Return a duration for people: ``1d:2h:3m:4s``; None for none."""
    if td is None:
        return None
    seconds = int(td.total_seconds() if isinstance(td, dt.timedelta) else td)
    days, seconds = divmod(seconds, 86400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    parts = [
        f"{number}{unit}"
        for number, unit in ((days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"))
        if number
    ]
    return ":".join(parts) or "<1s"

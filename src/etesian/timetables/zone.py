"""Time zones by name: those of the tz database, and fixed offsets."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from etesian.timetables.errors import UnknownTimezoneError

_OFFSET = re.compile(r"^(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?(?::?(\d{2}))?$")
_UTC_NAMES = frozenset({"UTC", "Z", "Etc/UTC", "+00:00"})


@lru_cache(maxsize=1024)
def load_zone(name: str) -> tzinfo:
    """Return the zone of that name: ``Europe/Berlin``, ``UTC``, ``+02:00``.

    Raises:
        UnknownTimezoneError: there is no such zone.
    """
    if name in _UTC_NAMES:
        return UTC
    fixed = _OFFSET.match(name)
    if fixed:
        return _fixed_offset(name, fixed)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownTimezoneError(name) from error


def _fixed_offset(name: str, match: re.Match[str]) -> tzinfo:
    sign, hours, minutes, seconds = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0), seconds=int(seconds or 0))
    if offset >= timedelta(hours=24):
        raise UnknownTimezoneError(name)
    return timezone(-offset if sign == "-" else offset)

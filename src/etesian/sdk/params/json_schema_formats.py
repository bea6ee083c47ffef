"""The values of ``format`` that are checked; others are annotations (``multiline``, ``textarea`` ...)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final
from uuid import UUID

_DURATION = re.compile(
    r"P(?!$)(\d+(?:\.\d+)?Y)?(\d+(?:\.\d+)?M)?(\d+(?:\.\d+)?W)?(\d+(?:\.\d+)?D)?"
    r"(T(?=\d)(\d+(?:\.\d+)?H)?(\d+(?:\.\d+)?M)?(\d+(?:\.\d+)?S)?)?"
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S*")
_HOSTNAME = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_TIME_ZONE = re.compile(r"(?:[Zz]|[+-]\d{2}:?\d{2})$")


def _accepts(parse: Callable[[str], Any]) -> Callable[[str], bool]:
    """Return a check that holds when ``parse`` does not raise ``ValueError``."""

    def check(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return check


def _is_date(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None and _accepts(date.fromisoformat)(text)


def _is_date_time(text: str) -> bool:
    """A date and a time with an offset, as the standard asks."""
    return len(text) > 10 and _TIME_ZONE.search(text) is not None and _accepts(datetime.fromisoformat)(text)


def _is_time(text: str) -> bool:
    """A time of day; an offset is allowed but, unlike in the standard, not needed: forms send none."""
    return ":" in text and _accepts(time.fromisoformat)(text)


FORMATS: Final[Mapping[str, Callable[[str], bool]]] = {
    "date": _is_date,
    "date-time": _is_date_time,
    "time": _is_time,
    "duration": lambda text: _DURATION.fullmatch(text) is not None,
    "email": lambda text: _EMAIL.fullmatch(text) is not None,
    "idn-email": lambda text: _EMAIL.fullmatch(text) is not None,
    "uri": lambda text: _URI.fullmatch(text) is not None,
    "hostname": lambda text: _HOSTNAME.fullmatch(text) is not None,
    "ipv4": _accepts(IPv4Address),
    "ipv6": _accepts(IPv6Address),
    "uuid": _accepts(UUID),
    "regex": _accepts(lambda text: _compile(text)),
}


def _compile(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(str(error)) from None

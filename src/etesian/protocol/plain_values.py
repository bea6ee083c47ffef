"""Values of classes that derive from a plain one, as authors' libraries make them: pendulum's dates, for one."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any


def to_plain(value: Any) -> Any:  # Any: whatever a message holds that the encoder has no form for
    """Return the plain value that an instance of a subclass stands for.

    Raises:
        TypeError: there is none.
    """
    match value:
        case datetime():
            return datetime.combine(value.date(), value.timetz())
        case date():
            return date(value.year, value.month, value.day)
        case timedelta():
            return timedelta(value.days, value.seconds, value.microseconds)
        case str():
            return str.__str__(value)
        case int():
            return int.__int__(value)
        case float():
            return float.__float__(value)
    raise TypeError(
        f"a message cannot hold {value!r:.80}, of type {type(value).__qualname__}; pass plain values"
    )

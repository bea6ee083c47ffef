"""What authors put into open-ended arguments, as JSON that is the same every time the file is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any

_SCALARS = (str, int, float, bool, type(None))


def as_plain(value: Any) -> Any:
    """Return JSON data: objects by their ``to_dict()``, else by the name of their class; sets are sorted."""
    if isinstance(value, Enum):
        return as_plain(value.value)
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, Mapping):
        return {str(key): as_plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(part) for part in value]
    if isinstance(value, set | frozenset):
        return sorted((as_plain(part) for part in value), key=repr)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if callable(getattr(value, "to_dict", None)) and not isinstance(value, type):
        return as_plain(value.to_dict())
    return f"<{type(value).__module__}.{type(value).__qualname__}>"

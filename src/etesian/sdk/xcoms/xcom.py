"""XCom values: what tasks hand to each other, as JSON. Never pickle: reading a value runs no code that it
names.

Plain JSON is written as it is. A value of another type is written as an object with ``__type__``, so that it
comes back as what it was: see ``xcom_types`` for the types known, and ``register_serializer`` for more.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from etesian.protocol.reports import XComValue
from etesian.sdk.exceptions import XComSerializationError
from etesian.sdk.xcoms.xcom_types import TYPE_KEY, Serializer, find_serializer, loader_of, register_serializer

__all__ = [
    "Serializer",
    "deserialize",
    "length_of",
    "present",
    "register_serializer",
    "serialize",
    "to_xcom_value",
]

#: Whole numbers beyond this lose digits in other readers of JSON, so they are written as text.
_MAX_SAFE_INTEGER: Final = 2**63
#: A value nested deeper than this refers to itself, or should be several values.
_MAX_DEPTH: Final = 200


def serialize(value: Any, what: str = "the value") -> bytes:
    """Return a value as JSON; ``what`` names it in errors.

    Raises:
        XComSerializationError: a part of it has a type that cannot be written; the message says where.
    """
    try:
        plain = _to_plain(value, what, "", 0)
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except UnicodeEncodeError as error:
        raise XComSerializationError(f"{what} holds text that is not valid Unicode: {error}") from None


def deserialize(data: bytes | str) -> Any:
    """Return the value that ``serialize`` wrote.

    Raises:
        XComSerializationError: it is not JSON, or of a type that this process does not know.
    """
    try:
        return json.loads(data, object_hook=_from_object)
    except ValueError as error:
        raise XComSerializationError(f"a stored XCom is not JSON: {error}") from None


def present(data: bytes | str) -> Any:
    """Return a stored value as plain JSON for people: the types of its parts are left out, nothing is made
    from them.
    """
    return json.loads(data, object_hook=_present_object)


def to_xcom_value(key: str, value: Any, what: str) -> XComValue:
    """Return a value as it is sent and stored, with its number of elements where others can be mapped over
    it.
    """
    return XComValue(key=key, value=serialize(value, what), length=length_of(value))


def length_of(value: Any) -> int | None:
    """Return the number of elements that mapping over a value gives; None if it has none."""
    if isinstance(value, str | bytes | bytearray) or not hasattr(value, "__iter__"):
        return None
    try:
        return len(value)
    except TypeError:
        return None


# --- writing ------------------------------------------------------------------------------------------------


def _to_plain(value: Any, what: str, where: str, depth: int) -> Any:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if depth > _MAX_DEPTH:
        raise XComSerializationError(f"{what} is nested too deeply, or contains itself, at {where[:80]}")
    if kind is int:
        return value if -_MAX_SAFE_INTEGER <= value < _MAX_SAFE_INTEGER else _tagged("int", str(value))
    if kind is float:
        return value if math.isfinite(value) else _tagged("float", repr(value))
    if kind is list:
        return [_to_plain(part, what, f"{where}[{index}]", depth + 1) for index, part in enumerate(value)]
    if kind is dict:
        return _plain_dict(value, what, where, depth)
    return _to_tagged(value, what, where, depth)


def _plain_dict(value: Mapping[Any, Any], what: str, where: str, depth: int) -> Any:
    """Return a dict with text keys, as JSON and Airflow have them."""
    plain = {
        key if type(key) is str else _key_text(key): _to_plain(part, what, f"{where}[{key!r}]", depth + 1)
        for key, part in value.items()
    }
    if len(plain) != len(value):
        at = f", at {where}" if where else ""
        raise XComSerializationError(
            f"{what} has two keys that are the same as text{at}: {list(value)!r:.120}"
        )
    # a dict of the author's that looks like ours is wrapped, so that it comes back as it is
    return _tagged("dict", list(plain.items())) if TYPE_KEY in plain else plain


def _key_text(key: Any) -> str:
    if key is None or isinstance(key, bool):
        return json.dumps(key)
    return str(key)


def _to_tagged(value: Any, what: str, where: str, depth: int) -> Any:
    serializer = find_serializer(value)
    if serializer is None:
        raise XComSerializationError(
            f"{what} has a part of type {type(value).__module__}.{type(value).__qualname__}"
            f"{f' at {where}' if where else ''}, which cannot be an XCom; return JSON, a dataclass or "
            "another supported type, "
            f"or teach the type with register_serializer()"
        )
    dumped = serializer.dump(value)
    if serializer.name is None:
        return _to_plain(dumped, what, where, depth + 1)
    return _tagged(serializer.name, _to_plain(dumped, what, where, depth + 1))


def _tagged(name: str, value: Any) -> dict[str, Any]:
    return {TYPE_KEY: name, "value": value}


# --- reading ------------------------------------------------------------------------------------------------


def _from_object(found: dict[str, Any]) -> Any:
    name = found.get(TYPE_KEY)
    if name is None:
        return found
    return loader_of(name)(found.get("value"))


def _present_object(found: dict[str, Any]) -> Any:
    if TYPE_KEY not in found:
        return found
    value = found.get("value")
    match found[TYPE_KEY]:
        case "dict":
            return dict(value or ())
        case "object" if isinstance(value, dict):
            return value.get("data")
        case "datetime" if isinstance(value, dict):
            return value.get("at")
        case "timedelta" if isinstance(value, list):
            return str(timedelta(*value))
    return value

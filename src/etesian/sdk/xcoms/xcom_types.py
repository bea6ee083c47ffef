"""The types beyond JSON that XComs can hold, each with the plain form that it is written in."""

from __future__ import annotations

import base64
import dataclasses
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from importlib import import_module
from pathlib import PurePath, PurePosixPath
from typing import Any, Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from etesian.sdk.context import LazyValue, resolve_lazy
from etesian.sdk.exceptions import XComSerializationError
from etesian.sdk.time.timezone import zone_name

#: marks an object of JSON that stands for a value of another type
TYPE_KEY: Final = "__type__"


@dataclass(frozen=True, slots=True)
class Serializer:
    """How values of one type are written and read."""

    name: str | None  #: what marks them; None: they are written, and come back, as what ``dump`` returns
    dump: Callable[[Any], Any]  #: to JSON, or to other types that can be written
    load: Callable[[Any], Any] = lambda value: value


def register_serializer(
    kind: type, *, name: str, dump: Callable[[Any], Any], load: Callable[[Any], Any]
) -> None:
    """Let values of a class and its subclasses be XComs.

    Call it where both the task that writes and the task that reads import it, for instance in the DAG file.
    ``name`` is stored with the values and must stay the same.
    """
    _by_type[kind] = Serializer(name, dump, load)
    _loaders[name] = load


def find_serializer(value: Any) -> Serializer | None:
    """Return how to write a value that is not plain JSON, or None if it cannot be written."""
    for kind in type(value).__mro__[:-1]:
        found = _by_type.get(kind) or _from_library(kind)
        if found is not None:
            return found
    return _object_serializer(value)


def loader_of(name: str) -> Callable[[Any], Any]:
    """Return what reads values of a mark.

    Raises:
        XComSerializationError: nothing does in this process.
    """
    if name not in _loaders:
        library = name.partition(".")[0]
        if library in _LIBRARIES:
            _learn(library)
    if name not in _loaders:
        raise XComSerializationError(
            f"a stored XCom is of type {name!r}, which is not known here; import what registers it in the "
            "DAG file"
        )
    return _loaders[name]


# --- libraries ----------------------------------------------------------------------------------------------

#: library -> the module that knows its types, imported with the first value of one
_LIBRARIES: Final = {"numpy": "etesian.sdk.xcoms.xcom_frames", "pandas": "etesian.sdk.xcoms.xcom_frames"}


def _from_library(kind: type) -> Serializer | None:
    library = kind.__module__.partition(".")[0]
    if library not in _LIBRARIES or _LIBRARIES[library] in _learnt:
        return None
    _learn(library)
    return _by_type.get(kind)


def _learn(library: str) -> None:
    module = _LIBRARIES[library]
    if module not in _learnt:
        _learnt.add(module)
        import_module(module).register(register_serializer)


_learnt: set[str] = set()

# --- objects of the author's classes ------------------------------------------------------------------------


def _object_serializer(value: Any) -> Serializer | None:
    kind = type(value)
    if dataclasses.is_dataclass(kind):
        return Serializer(
            "object",
            lambda item: _describe(item, {f.name: getattr(item, f.name) for f in dataclasses.fields(item)}),
        )
    if hasattr(kind, "model_validate") and hasattr(kind, "model_dump"):  # pydantic
        return Serializer("object", lambda item: _describe(item, item.model_dump(mode="json")))
    if hasattr(kind, "__attrs_attrs__"):
        return Serializer(
            "object",
            lambda item: _describe(item, {a.name: getattr(item, a.name) for a in kind.__attrs_attrs__}),
        )
    if callable(getattr(kind, "serialize", None)) and callable(getattr(kind, "deserialize", None)):
        return Serializer("object", lambda item: _describe(item, item.serialize()))
    return None


def _describe(item: Any, data: Any) -> dict[str, Any]:
    kind = type(item)
    return {"class": f"{kind.__module__}:{kind.__qualname__}", "data": data}


def _load_object(described: dict[str, Any]) -> Any:
    """Make an object of a class that this process has imported; stored data makes us import nothing."""
    kind = _find_class(described["class"])
    data = described["data"]
    if issubclass(kind, Enum):
        return kind(data)
    if hasattr(kind, "model_validate"):
        return kind.model_validate(data)
    if hasattr(kind, "_make"):
        return kind._make(data)
    if not dataclasses.is_dataclass(kind) and hasattr(kind, "deserialize"):
        return kind.deserialize(data)
    if dataclasses.is_dataclass(kind):
        return _load_dataclass(kind, data)
    return kind(**{name.lstrip("_"): part for name, part in data.items()})


def _load_dataclass(kind: Any, data: dict[str, Any]) -> Any:
    """Make a dataclass, also where some of its fields are not arguments."""
    arguments = {field.name for field in dataclasses.fields(kind) if field.init}
    made = kind(**{name: part for name, part in data.items() if name in arguments})
    for name, part in data.items():
        if name not in arguments:
            object.__setattr__(made, name, part)
    return made


def _find_class(path: str) -> Any:
    module_name, _, qualified = path.partition(":")
    found: Any = sys.modules.get(module_name)
    for name in qualified.split("."):
        found = getattr(found, name, None)
    if not isinstance(found, type):
        raise XComSerializationError(
            f"a stored XCom is an object of class {qualified!r} of module {module_name!r}, which is not "
            "imported here; "
            f"import it at the top of the DAG file"
        )
    return found


# --- the standard library -----------------------------------------------------------------------------------


def _dump_datetime(moment: datetime) -> dict[str, Any]:
    zone = None if moment.tzinfo is None else _dump_zone(moment.tzinfo, moment)
    parts: dict[str, Any] = {"at": moment.isoformat(), "zone": zone}
    if type(moment).__module__.startswith("pendulum"):
        parts["pendulum"] = True
    return parts


def _dump_zone(zone: tzinfo, moment: datetime | None = None) -> str:
    try:
        return zone_name(zone)
    except ValueError:  # a zone of one's own: keep its offset at that moment
        offset = (moment or datetime(2000, 1, 1)).replace(tzinfo=zone).strftime("%z")  # noqa: DTZ001  # zone given
        return f"{offset[:3]}:{offset[3:5]}"


def _load_zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    if name[0] in "+-":
        return datetime.strptime(name, "%z").tzinfo or UTC
    return ZoneInfo(name)


def _load_datetime(parts: dict[str, Any]) -> datetime:
    moment = datetime.fromisoformat(parts["at"])
    if parts["zone"] is not None:
        moment = moment.astimezone(_load_zone(parts["zone"]))
    if not parts.get("pendulum"):
        return moment
    pendulum: Any = import_module("pendulum")
    made: Any = pendulum.instance(moment, tz=None)
    if parts["zone"] and parts["zone"][0] not in "+-":
        made = made.in_timezone(parts["zone"])
    return cast(datetime, made)


def _sorted(items: Any) -> list[Any]:
    """Return a set's elements in an order that does not change from run to run."""
    return sorted(items, key=repr)


_by_type: dict[type, Serializer] = {
    datetime: Serializer("datetime", _dump_datetime, _load_datetime),
    date: Serializer("date", lambda value: value.isoformat(), date.fromisoformat),
    time: Serializer("time", lambda value: value.isoformat(), time.fromisoformat),
    timedelta: Serializer(
        "timedelta",
        lambda value: [value.days, value.seconds, value.microseconds],
        lambda parts: timedelta(days=parts[0], seconds=parts[1], microseconds=parts[2]),
    ),
    Decimal: Serializer("decimal", str, Decimal),
    UUID: Serializer("uuid", str, UUID),
    bytes: Serializer("bytes", lambda value: base64.b64encode(value).decode(), base64.b64decode),
    bytearray: Serializer(
        "bytearray",
        lambda value: base64.b64encode(value).decode(),
        lambda text: bytearray(base64.b64decode(text)),
    ),
    set: Serializer("set", _sorted, set),
    frozenset: Serializer("frozenset", _sorted, frozenset),
    complex: Serializer("complex", lambda value: [value.real, value.imag], lambda parts: complex(*parts)),
    PurePath: Serializer("path", str, lambda text: PurePosixPath(text)),
    tzinfo: Serializer("timezone", _dump_zone, _load_zone),
    Enum: Serializer("object", lambda item: _describe(item, item.value)),
    LazyValue: Serializer(None, resolve_lazy),
    tuple: Serializer("tuple", list, tuple),
    list: Serializer(None, list),
    dict: Serializer(None, dict),
    str: Serializer(None, str.__str__),
    int: Serializer(None, int),
    float: Serializer(None, float),
}
_loaders: dict[str, Callable[[Any], Any]] = {
    serializer.name: serializer.load for serializer in _by_type.values() if serializer.name is not None
}
_loaders.update(object=_load_object, int=int, float=float, dict=dict)

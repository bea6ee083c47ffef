"""What is wrong with a JSON text, in words for whoever wrote it."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final, Literal

import msgspec

#: What decoding a text that somebody else wrote can raise.
JSON_ERRORS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_PLACE: Final = re.compile(r" - at `\$(?P<path>.*)`$")
_STEP: Final = re.compile(r"\.(?P<name>[^.\[]+)|\[[^\]]*\]")
_WORDS: Final = {
    "Input data was truncated": "the JSON ends before it is complete",
    "Invalid RFC3339 encoded datetime": "not a moment; write it as 2030-01-31T16:00:00Z",
}


def explain_json_error(error: Exception, shape: Any = Any) -> str:  # Any: a type, however it is written
    """Return in words why a text could not be decoded as ``shape``, and what is possible in that place.

    ``error`` is one of ``JSON_ERRORS``.

    >>> try:
    ...     msgspec.json.decode('{"day": "mon"}', type=dict[str, Literal["sat", "sun"]])
    ... except msgspec.DecodeError as error:
    ...     print(explain_json_error(error, dict[str, Literal["sat", "sun"]]))
    Invalid enum value 'mon' - at `$[...]`; possible: sat, sun
    """
    if isinstance(error, RecursionError):
        return "the JSON is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return f"the text is not UTF-8: {error.reason} at byte {error.start}"
    text = str(error)
    place = _PLACE.search(text)
    for theirs, ours in _WORDS.items():
        text = text.replace(theirs, ours)
    if text.startswith(("Invalid enum value", "Object contains unknown field")):
        possible = list(_possible(_at(shape, place["path"] if place else "")))
        text += f"; possible: {', '.join(possible)}" if possible else ""
    return text


def _at(shape: Any, path: str) -> Any:
    """Return the type that stands at a path such as ``.pools[...].slots``."""
    for step in _STEP.finditer(path):
        shape = _below(_bare(shape), step["name"])
    return _bare(shape)


def _below(shape: Any, name: str | None) -> Any:
    if name is None:  # an element of a list, or a value of an object
        arguments = [item for item in typing.get_args(shape) if item is not Ellipsis]
        return arguments[-1] if arguments else Any
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        return next((field.type for field in msgspec.structs.fields(shape) if field.encode_name == name), Any)
    return Any


def _bare(shape: Any) -> Any:
    """Return a type without its bounds and without the ``None`` beside it."""
    while True:
        origin = typing.get_origin(shape)
        if origin is typing.Annotated:
            shape = typing.get_args(shape)[0]
        elif origin in (typing.Union, types.UnionType):
            others = [item for item in typing.get_args(shape) if item is not type(None)]
            if len(others) != 1:
                return shape
            shape = others[0]
        else:
            return shape


def _possible(shape: Any) -> Iterator[str]:
    if typing.get_origin(shape) is Literal:
        yield from map(str, typing.get_args(shape))
    elif isinstance(shape, type) and issubclass(shape, Enum):
        yield from (str(item.value) for item in shape)
    elif isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        yield from (field.encode_name for field in msgspec.structs.fields(shape))

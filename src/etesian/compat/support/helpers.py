"""Small functions of ``airflow.utils.helpers`` and its neighbours that DAG files and providers call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import filterfalse, tee
from typing import Any, TypeVar
from urllib.parse import urlencode

from etesian.foundation.ids import KEY_PATTERN
from etesian.sdk.exceptions import AirflowException

T = TypeVar("T")
S = TypeVar("S")


def validate_key(key: str, max_length: int = 250) -> None:
    """Raise if ``key`` cannot be the id of a DAG or a task.

    Raises:
        TypeError: it is not text.
        AirflowException: it is too long or has a character that is not allowed.
    """
    if not isinstance(key, str):
        raise TypeError(f"the key has to be a string and is {type(key)}:{key}")
    if len(key) > max_length:
        raise AirflowException(f"the key has to be less than {max_length} characters, not {len(key)}")
    if not KEY_PATTERN.match(key):
        raise AirflowException(
            f"the key {key!r} has to be made of alphanumeric characters, dashes, dots, and underscores exclusively"
        )


def chunks(items: Sequence[T], chunk_size: int) -> Iterator[Sequence[T]]:
    """Yield parts of at most ``chunk_size`` items.

    >>> list(chunks([1, 2, 3], 2))
    [[1, 2], [3]]
    """
    if not isinstance(chunk_size, int) or chunk_size <= 0:
        raise ValueError("chunk size must be a positive integer")
    for start in range(0, len(items), chunk_size):
        yield items[start : start + chunk_size]


def reduce_in_chunks(
    fn: Callable[[S, Sequence[T]], S], iterable: Sequence[T], initializer: S, chunk_size: int = 0
) -> S:
    """Reduce a list chunk by chunk; all at once with a ``chunk_size`` of 0."""
    if not iterable:
        return initializer
    return reduce(fn, chunks(iterable, chunk_size or len(iterable)), initializer)


def as_flattened_list(iterable: Iterable[Iterable[T]]) -> list[T]:
    """Return the items of the items.

    >>> as_flattened_list(((1, 2), (3,)))
    [1, 2, 3]
    """
    return [item for part in iterable for item in part]


def as_tuple(obj: Any) -> tuple[Any, ...]:
    """Return containers as tuples, other values as a tuple of one."""
    return tuple(obj) if is_container(obj) else (obj,)


def is_container(obj: object) -> bool:
    """Whether it can be iterated over and is no text."""
    return hasattr(obj, "__iter__") and not isinstance(obj, str)


def merge_dicts(dict1: Mapping[str, Any], dict2: Mapping[str, Any]) -> dict[str, Any]:
    """Return both merged; dicts inside are merged too, and other values of the second win.

    >>> merge_dicts({"a": {"b": 1}}, {"a": {"c": 2}})
    {'a': {'b': 1, 'c': 2}}
    """
    merged = dict(dict1)
    for key, value in dict2.items():
        known = merged.get(key)
        merged[key] = (
            merge_dicts(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
        )
    return merged


def prune_dict(val: Any, mode: str = "strict") -> Any:
    """Return ``val`` without entries that are None (``strict``) or false (``truthy``), at all depths.

    >>> prune_dict({"a": {"b": None}, "c": [None, 0]}), prune_dict({"a": {"b": None}, "c": [None, 0]}, "truthy")
    ({'a': {}, 'c': [0]}, {})

    Raises:
        ValueError: the mode is another.
    """
    if mode not in ("strict", "truthy"):
        raise ValueError("mode must be `strict` or `truthy`")

    def keeps(value: Any) -> bool:
        return value is not None if mode == "strict" else bool(value)

    if isinstance(val, dict):
        pruned = {key: prune_dict(value, mode) for key, value in val.items() if keeps(value)}
        return {key: value for key, value in pruned.items() if keeps(value)}
    if isinstance(val, list):
        items = [prune_dict(value, mode) for value in val if keeps(value)]
        return [item for item in items if keeps(item)]
    return val


def exactly_one(*args: object) -> bool:
    """Whether one and only one argument is true.

    Raises:
        ValueError: an argument is a container, which is a mistake of the caller.
    """
    if any(is_container(arg) for arg in args):
        raise ValueError(
            "Not supported for iterable args. Use `*` to unpack your iterable in the function call."
        )
    return sum(map(bool, args)) == 1


def at_most_one(*args: object) -> bool:
    """Whether at most one argument was given and is true."""
    return sum(bool(arg) for arg in args if type(arg).__name__ != "ArgNotSet") <= 1


def partition(pred: Callable[[T], bool], iterable: Iterable[T]) -> tuple[Iterable[T], Iterable[T]]:
    """Return the items for which ``pred`` is false, and those for which it is true."""
    first, second = tee(iterable)
    return filterfalse(pred, first), filter(pred, second)


def convert_camel_to_snake(camel_str: str) -> str:
    """Return ``camelCase`` as ``camel_case``."""
    return re.sub("(?!^)([A-Z]+)", r"_\1", camel_str).lower()


def build_airflow_url_with_query(query: Mapping[str, Any]) -> str:
    """Return the address of the DAG list with a query, relative to the server."""
    return f"/dags?{urlencode(query)}"


def to_boolean(astring: str | None) -> bool:
    """Whether a text says yes: ``on``, ``t``, ``true``, ``y``, ``yes`` or ``1``."""
    return astring is not None and astring.lower() in {"on", "t", "true", "y", "yes", "1"}


def ask_yesno(question: str, default: bool | None = None) -> bool:
    """Refuse: there is nobody to ask where a DAG file or a task runs.

    Raises:
        AirflowException: always.
    """
    raise AirflowException(f"nobody can answer {question!r} here: DAG files and tasks run without a terminal")

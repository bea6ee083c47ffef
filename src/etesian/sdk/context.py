"""The context: what a running task, its templates and its callbacks are told of their run. Keys of every
Airflow era.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, cast

from etesian.sdk.exceptions import AirflowException


class LazyValue:
    """A value that is computed when it is first used.

    ``context[key]`` gives the computed value itself. Where a context is unpacked into ``**kwargs``, this
    stand-in is passed on, so that nothing is asked of the platform for keys that the function does not touch.
    """

    __slots__ = ("_compute", "_done", "_value")

    def __init__(self, compute: Callable[[], Any]) -> None:
        object.__setattr__(self, "_compute", compute)
        object.__setattr__(self, "_done", False)
        object.__setattr__(self, "_value", None)

    def __getattr__(self, name: str) -> Any:
        return getattr(resolve_lazy(self), name)

    def __str__(self) -> str:
        return str(resolve_lazy(self))

    def __repr__(self) -> str:
        return repr(resolve_lazy(self))

    def __bool__(self) -> bool:
        return bool(resolve_lazy(self))

    def __eq__(self, other: object) -> bool:
        return bool(resolve_lazy(self) == resolve_lazy(other))

    def __hash__(self) -> int:
        return hash(resolve_lazy(self))

    def __lt__(self, other: Any) -> bool:
        return bool(resolve_lazy(self) < resolve_lazy(other))

    def __gt__(self, other: Any) -> bool:
        return bool(resolve_lazy(self) > resolve_lazy(other))

    def __le__(self, other: Any) -> bool:
        return bool(resolve_lazy(self) <= resolve_lazy(other))

    def __ge__(self, other: Any) -> bool:
        return bool(resolve_lazy(self) >= resolve_lazy(other))

    def __add__(self, other: Any) -> Any:
        return resolve_lazy(self) + other

    def __sub__(self, other: Any) -> Any:
        return resolve_lazy(self) - resolve_lazy(other)

    def __rsub__(self, other: Any) -> Any:
        return other - resolve_lazy(self)

    def __format__(self, spec: str) -> str:
        return format(resolve_lazy(self), spec)


def resolve_lazy(value: Any) -> Any:
    """Return the value behind a ``LazyValue``, computing it the first time; other values as they are."""
    if type(value) is not LazyValue:
        return value
    if not value._done:
        object.__setattr__(value, "_value", value._compute())
        object.__setattr__(value, "_done", True)
    return value._value


class Context(dict[str, Any]):
    """The context of one task instance: a dict, some of whose values are computed when they are asked for."""

    def __getitem__(self, key: str) -> Any:
        try:
            return resolve_lazy(super().__getitem__(key))
        except KeyError:
            raise KeyError(f"the context has no key {key!r}; it has {', '.join(sorted(self))}") from None

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of ``key``, or ``default``."""
        return resolve_lazy(super().get(key, default))

    def pop(self, key: str, *default: Any) -> Any:
        """Remove ``key`` and return its value."""
        return resolve_lazy(super().pop(key, *default))

    def items(self) -> Any:  # Any: a list stands in for the view, whose class cannot be subclassed
        """Return pairs of key and value, computing all."""
        return [(key, self[key]) for key in self]

    def values(self) -> Any:  # Any: as above
        """Return the values, computing all."""
        return [self[key] for key in self]

    def copy(self) -> Context:
        """Return a context of the same keys; what was lazy stays lazy."""
        return Context(dict.items(self))

    def __copy__(self) -> Context:
        return self.copy()


_contexts: list[Context] = []


class _CurrentContext:
    def __init__(self, context: Context) -> None:
        self._context = context

    def __enter__(self) -> Context:
        _contexts.append(self._context)
        return self._context

    def __exit__(self, *_: object) -> None:
        _contexts.pop()


def set_current_context(context: Context) -> AbstractContextManager[Context]:
    """Let ``get_current_context`` return ``context`` inside a block."""
    return _CurrentContext(context)


def get_current_context() -> Context:
    """Return the context of the task that is running, from anywhere in its code.

    Raises:
        AirflowException: no task is running in this process.
    """
    if not _contexts:
        raise AirflowException(
            "get_current_context() works only while a task runs; no task is running in this process"
        )
    return _contexts[-1]


def context_merge(context: Mapping[str, Any], *additions: Mapping[str, Any], **kwargs: Any) -> None:
    """Add keys to a context in place."""
    for addition in additions:
        cast(Context, context).update(addition)
    cast(Context, context).update(kwargs)

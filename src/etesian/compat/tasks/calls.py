"""Calling user functions with the context, and decorators that lost their work."""

from __future__ import annotations

import functools
import importlib.util
import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple, TypeVar

from etesian.sdk.tasks.user_call import choose_kwargs

F = TypeVar("F", bound=Callable[..., Any])  # Any: whatever the function takes


def determine_kwargs(
    func: Callable[..., Any], args: Collection[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the part of the context that a function can take, its positional arguments left out."""
    return choose_kwargs(func, tuple(args), kwargs)


class KeywordParameters(NamedTuple):
    """The keyword arguments chosen for a function."""

    mapping: dict[str, Any]

    @classmethod
    def determine(
        cls, func: Callable[..., Any], args: Collection[Any], kwargs: Mapping[str, Any]
    ) -> KeywordParameters:
        """Choose them."""
        return cls(determine_kwargs(func, args, kwargs))

    def unpacking(self) -> dict[str, Any]:
        """Return them."""
        return self.mapping


def make_kwargs_callable(func: F) -> F:
    """Return a function that takes any context and passes on what ``func`` can take."""

    @functools.wraps(func)
    def kwargs_func(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **determine_kwargs(func, args, kwargs))

    return kwargs_func  # type: ignore[return-value]  # takes more than func does


def is_async_callable(func: object) -> bool:
    """Whether calling it gives a coroutine."""
    while isinstance(func, functools.partial):
        func = func.func
    return inspect.iscoroutinefunction(func) or inspect.iscoroutinefunction(
        getattr(type(func), "__call__", None)  # noqa: B004 the function behind it is wanted, not whether it is there
    )


def apply_defaults(func: F) -> F:
    """Return the function: operators apply ``default_args`` themselves since Airflow 2."""
    return func


def add_deprecated_classes(module_imports: Mapping[str, Mapping[str, str]], package: str) -> None:
    """Do nothing: old homes of names are in our tables."""


def is_venv_installed() -> bool:
    """Return whether virtual environments can be made here."""
    return bool(importlib.util.find_spec("virtualenv") or importlib.util.find_spec("venv"))

"""Whether a task's function can be called with the arguments that it was given, before it runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from types import FunctionType
from typing import Any

from etesian.sdk.context_keys import CONTEXT_KEYS
from etesian.sdk.exceptions import InvalidDagError


def check_call(
    function: Callable[..., Any], args: Collection[Any], kwargs: Mapping[str, Any], what: str
) -> None:
    """Check that a function can be called with its own arguments; context keys that it names may be left out.

    Raises:
        InvalidDagError: an argument is missing, or is one too many.
    """
    if not args and _takes_by_name(function, kwargs):
        return
    parameters = _parameters_of(function)
    if parameters is None:
        return
    lenient = [
        parameter.replace(default=None)
        if parameter.name in CONTEXT_KEYS
        and parameter.default is parameter.empty
        and parameter.kind is not parameter.POSITIONAL_ONLY
        else parameter
        for parameter in parameters
    ]
    try:
        _bind(lenient, args, kwargs)
    except TypeError as error:
        raise InvalidDagError(
            f"{what} cannot call {getattr(function, '__name__', function)}(): {error}"
        ) from None


def _takes_by_name(function: Callable[..., Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether a plain function, by its code alone, can be called so. If not, there may be more to find out."""
    if type(function) is not FunctionType or function.__dict__:  # another function's signature may count
        return False
    code = function.__code__
    count = code.co_argcount
    names = code.co_varnames[: count + code.co_kwonlyargcount]
    if code.co_posonlyargcount or (kwargs and not all(name in names for name in kwargs)):
        return False
    optional = {*names[count - len(function.__defaults__ or ()) : count], *(function.__kwdefaults__ or ())}
    return all(name in kwargs or name in optional or name in CONTEXT_KEYS for name in names)


def _bind(parameters: Sequence[inspect.Parameter], args: Collection[Any], kwargs: Mapping[str, Any]) -> None:
    """Bind arguments to parameters, where one without a default may follow one that has been given one.

    Raises:
        TypeError: an argument is missing, or is one too many.
    """
    seen_default = False
    required, ordered = [], []
    for parameter in parameters:
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            if parameter.default is not parameter.empty:
                seen_default = True
            elif seen_default:  # Python wants a default here too
                required.append(parameter.name)
                parameter = parameter.replace(default=None)
        ordered.append(parameter)
    bound = inspect.Signature(ordered).bind(*args, **kwargs)
    for name in required:
        if name not in bound.arguments:
            raise TypeError(f"missing a required argument: {name!r}")


def _parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # some functions written in C do not tell
        return None

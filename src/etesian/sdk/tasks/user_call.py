"""Calling an author's function: it gets those parts of the context that it names, and may be of any kind."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from etesian.sdk.assets.asset_events import Metadata, OutletEventAccessors
from etesian.sdk.exceptions import AirflowException

_log = logging.getLogger("etesian.task")


class ReservedArgumentError(AirflowException, ValueError):
    """A positional argument takes the place of a key of the context."""


def choose_kwargs(
    function: Callable[..., Any], args: Sequence[Any], *offered: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the keyword arguments to call ``function`` with, out of those on offer.

    These are the ones that it names and that ``args`` do not fill; all of them for a function with
    ``**kwargs``. Of several mappings the first that has a name counts.

    Raises:
        ReservedArgumentError: ``args`` fill a parameter that is on offer as well.

    >>> choose_kwargs(lambda number, ds: None, [1], {"ds": "2030-01-01", "run_id": "x"})
    {'ds': '2030-01-01'}
    """
    try:
        parameters = _read_parameters(function)
    except ValueError:  # a builtin without a signature takes no context
        return {}
    for name in parameters.positional[: len(args)]:
        if any(name in mapping for mapping in offered):
            raise ReservedArgumentError(
                f"the argument {name!r} of {function!r} is filled by position, but is a key of the context; "
                "rename it, or pass it by name"
            )
    if parameters.takes_any:
        everything: dict[str, Any] = {}
        for mapping in reversed(offered):
            everything.update(mapping)
        return everything
    chosen = {}
    for name in parameters.named:
        for mapping in offered:
            if name in mapping:
                chosen[name] = mapping[name]
                break
    return chosen


@dataclass(frozen=True, slots=True)
class _Parameters:
    positional: Sequence[str]  #: those that arguments by position fill, in order
    named: Sequence[str]  #: those that can be given by name
    takes_any: bool  #: whether there is ``**kwargs``


def _read_parameters(function: Callable[..., Any]) -> _Parameters:
    if type(function) is FunctionType and not function.__dict__:
        # A function that nothing wraps says it all in its code, at a fiftieth of what `inspect` needs.
        code = function.__code__
        count, only_by_position = code.co_argcount, code.co_posonlyargcount
        return _Parameters(
            positional=code.co_varnames[:count],
            named=code.co_varnames[only_by_position : count + code.co_kwonlyargcount],
            takes_any=bool(code.co_flags & inspect.CO_VARKEYWORDS),
        )
    kind = inspect.Parameter
    parameters = inspect.signature(function).parameters.values()
    by_position = (kind.POSITIONAL_ONLY, kind.POSITIONAL_OR_KEYWORD)
    by_name = (kind.POSITIONAL_OR_KEYWORD, kind.KEYWORD_ONLY)
    return _Parameters(
        positional=tuple(parameter.name for parameter in parameters if parameter.kind in by_position),
        named=tuple(parameter.name for parameter in parameters if parameter.kind in by_name),
        takes_any=any(parameter.kind is kind.VAR_KEYWORD for parameter in parameters),
    )


def call_function(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], outlet_events: Any = None
) -> Any:
    """Return what a function returns; a coroutine is awaited, a generator is followed to its end.

    A generator may yield ``Metadata`` about the task's outlets, which is kept in ``outlet_events``.
    """
    result = function(*args, **kwargs)
    if result is None:
        return None
    if inspect.isawaitable(result):
        import asyncio  # a third of the time that importing the SDK would take, and few functions need it

        return asyncio.run(_await(result))
    if inspect.isgeneratorfunction(inspect.unwrap(function)) and isinstance(result, Generator):
        return _follow(result, outlet_events if outlet_events is not None else OutletEventAccessors())
    return result


async def _await(awaitable: Any) -> Any:
    return await awaitable


def _follow(generator: Generator[Any, None, Any], outlet_events: OutletEventAccessors) -> Any:
    while True:
        try:
            item = next(generator)
        except StopIteration as end:
            return end.value
        if isinstance(item, Metadata):
            outlet_events.take(item)
        else:
            _log.warning("The task yielded %r, which is no Metadata and is ignored; return it instead", item)

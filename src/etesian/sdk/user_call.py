"""Calling an author's function: it gets those parts of the context that it names, and may be of any kind."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from itertools import islice
from typing import Any

from etesian.sdk.asset_events import Metadata, OutletEventAccessors
from etesian.sdk.exceptions import AirflowException

_log = logging.getLogger("etesian.task")


class ReservedArgumentError(AirflowException, ValueError):
    """A positional argument takes the place of a key of the context."""


def choose_kwargs(
    function: Callable[..., Any], args: Sequence[Any], offered: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the keyword arguments to call ``function`` with, out of those on offer.

    These are the ones that it names and that ``args`` do not fill; all of them for a function with
    ``**kwargs``.

    Raises:
        ReservedArgumentError: ``args`` fill a parameter that is on offer as well.

    >>> choose_kwargs(lambda number, ds: None, [1], {"ds": "2030-01-01", "run_id": "x"})
    {'ds': '2030-01-01'}
    """
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:  # a builtin without a signature takes no context
        return {}
    for name in islice(parameters, len(args)):
        if name in offered and parameters[name].kind is not inspect.Parameter.VAR_POSITIONAL:
            raise ReservedArgumentError(
                f"the argument {name!r} of {function!r} is filled by position, but is a key of the context; "
                "rename it, or pass it by name"
            )
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return dict(offered)
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {
        name: offered[name]
        for name, parameter in parameters.items()
        if parameter.kind in by_name and name in offered
    }


def call_function(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], outlet_events: Any = None
) -> Any:
    """Return what a function returns; a coroutine is awaited, a generator is followed to its end.

    A generator may yield ``Metadata`` about the task's outlets, which is kept in ``outlet_events``.
    """
    result = function(*args, **kwargs)
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

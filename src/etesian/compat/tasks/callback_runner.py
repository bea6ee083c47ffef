"""Running a task's function for operators of provider packages: what generators yield goes to the outlets' events."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from etesian.sdk.assets.asset_events import Metadata
from etesian.sdk.tasks.user_call import call_function


@dataclass(frozen=True)
class _Runner:
    function: Callable[..., Any]
    outlet_events: Any

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function to its end, and return what it returns."""
        return call_function(self.function, args, kwargs, self.outlet_events)


@dataclass(frozen=True)
class _AsyncRunner:
    function: Callable[..., Any]
    outlet_events: Any

    async def run(self, *args: Any, **kwargs: Any) -> Any:
        """Await the function, and return what it returns; of an asynchronous generator, the list of its items."""
        if not inspect.isasyncgenfunction(self.function):
            return await self.function(*args, **kwargs)
        items = [item async for item in self.function(*args, **kwargs)]
        for item in items:
            if isinstance(item, Metadata):
                self.outlet_events.take(item)
        return items


#: What the functions below are for type checkers.
ExecutionCallableRunner: TypeAlias = Callable[..., _Runner]
AsyncExecutionCallableRunner: TypeAlias = Callable[..., _AsyncRunner]


def create_executable_runner(function: Callable[..., Any], outlet_events: Any, *, logger: Any) -> _Runner:
    """Return what runs a function; ``logger`` is of no use here: tasks have their own."""
    return _Runner(function, outlet_events)


def create_async_executable_runner(
    function: Callable[..., Any], outlet_events: Any, *, logger: Any
) -> _AsyncRunner:
    """Return what awaits a coroutine function."""
    return _AsyncRunner(function, outlet_events)

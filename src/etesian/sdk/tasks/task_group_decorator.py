"""``@task_group``: a function whose tasks form a group, each call a group of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import update_wrapper
from typing import Any, overload

from etesian.sdk.exceptions import InvalidDagError
from etesian.sdk.tasks.mapping import ExpandInput, MappedArgument, check_mapped_kwargs, check_mapped_values
from etesian.sdk.tasks.task_group import MappedTaskGroup, TaskGroup


class TaskGroupDecorator:
    """A decorated function. Calling it inside a DAG makes the group and returns what the function returns, or
    the group.
    """

    def __init__(
        self, function: Callable[..., Any], kwargs: Mapping[str, Any], fixed: Mapping[str, Any] | None = None
    ) -> None:
        update_wrapper(self, function)
        self.function = function
        self.kwargs = dict(kwargs)
        self.kwargs.setdefault("group_id", function.__name__)
        self.kwargs.setdefault("add_suffix_on_collision", True)
        if function.__doc__:
            self.kwargs.setdefault("tooltip", inspect.getdoc(function))
        self._fixed = dict(fixed or {})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Make the group with these arguments."""
        return self._fill(TaskGroup(**self.kwargs), args, {**self._fixed, **kwargs})

    def override(self, **kwargs: Any) -> TaskGroupDecorator:
        """Return the same function with other arguments of the group."""
        return TaskGroupDecorator(self.function, {**self.kwargs, **kwargs}, self._fixed)

    def partial(self, **kwargs: Any) -> TaskGroupDecorator:
        """Fix some arguments of the function; ``expand`` gives the others."""
        self._check(kwargs)
        return TaskGroupDecorator(self.function, self.kwargs, {**self._fixed, **kwargs})

    def expand(self, **kwargs: Any) -> Any:
        """Make one instance of the group per combination of the values."""
        self._check(kwargs)
        return self._expand(check_mapped_values(self._what, kwargs), kwargs)

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> Any:
        """Make one instance of the group per dict of arguments."""
        names = [name for name in inspect.signature(self.function).parameters if name not in self._fixed]
        return self._expand(check_mapped_kwargs(self._what, kwargs), names)

    def _expand(self, expand_input: ExpandInput, names: Any) -> Any:
        group = MappedTaskGroup(expand_input=expand_input, **self.kwargs)
        mapped = {name: MappedArgument(expand_input, name) for name in names}
        return self._fill(group, (), {**self._fixed, **mapped})

    def _fill(self, group: TaskGroup, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        with group:
            result = self.function(*args, **kwargs)
        return group if result is None else result

    @property
    def _what(self) -> str:
        return f"task group {self.kwargs['group_id']!r}"

    def _check(self, kwargs: Mapping[str, Any]) -> None:
        parameters = inspect.signature(self.function).parameters
        if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
            return
        unknown = sorted(set(kwargs) - set(parameters))
        if unknown:
            raise InvalidDagError(
                f"{self._what} has no argument {', '.join(map(repr, unknown))}; it has "
                f"{', '.join(parameters)}"
            )


@overload
def task_group(group_id: Callable[..., Any]) -> TaskGroupDecorator: ...
@overload
def task_group(
    group_id: str | None = None, **kwargs: Any
) -> Callable[[Callable[..., Any]], TaskGroupDecorator]: ...
def task_group(group_id: Any = None, **kwargs: Any) -> Any:
    """Decorate a function that makes the tasks of a group; used with or without arguments."""
    if callable(group_id):
        return TaskGroupDecorator(group_id, kwargs)
    if group_id is not None:
        kwargs["group_id"] = group_id

    def decorate(function: Callable[..., Any]) -> TaskGroupDecorator:
        return TaskGroupDecorator(function, kwargs)

    return decorate

"""``@task``: a function becomes a task, its call a place in the DAG, its return value a reference."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Collection, Mapping
from functools import update_wrapper
from typing import Any, cast, overload

from etesian.sdk.context import Context
from etesian.sdk.exceptions import AirflowSkipException, InvalidDagError
from etesian.sdk.late_names import load_late
from etesian.sdk.tasks.decorated_operator import decorated_class, get_unique_task_id
from etesian.sdk.tasks.flavours import find_flavour, flavour_names
from etesian.sdk.tasks.mapping import OperatorPartial
from etesian.sdk.tasks.operator import BaseOperator, MappedOperator
from etesian.sdk.xcoms.xcom_arg import XComArg


class TaskDecorator:
    """A decorated function. Calling it inside a DAG makes a task and returns the reference to its result."""

    def __init__(
        self,
        function: Callable[..., Any],
        operator_class: type[BaseOperator],
        kwargs: Mapping[str, Any],
        multiple_outputs: bool | None = None,
    ) -> None:
        if isinstance(function, staticmethod | classmethod):
            function = function.__func__
        if not callable(function) or inspect.isclass(function):
            raise InvalidDagError(
                f"@task decorates functions, got {type(function).__name__}: {function!r:.80}"
            )
        update_wrapper(self, function)
        self.function = function
        self.operator_class = operator_class
        self.kwargs = dict(kwargs)
        self.kwargs.setdefault("task_id", getattr(function, "__name__", "task"))
        self.multiple_outputs = (
            infer_multiple_outputs(function) if multiple_outputs is None else multiple_outputs
        )
        self.is_setup = False
        self.is_teardown = False
        self.on_failure_fail_dagrun = False
        self.returns_dag_result = False

    def __call__(self, *args: Any, **kwargs: Any) -> XComArg:
        """Make a task that calls the function with these arguments."""
        task = self.operator_class(
            python_callable=self.function,
            op_args=args,
            op_kwargs=kwargs,
            multiple_outputs=self.multiple_outputs,
            **self._task_kwargs(),
        )
        return self._finish(task)

    def _task_kwargs(self) -> dict[str, Any]:
        kwargs = dict(self.kwargs)
        if self.function.__doc__:
            kwargs.setdefault("doc_md", self.function.__doc__)
        return kwargs

    def _finish(self, task: Any) -> XComArg:
        if self.is_setup:
            task.as_setup()
        if self.is_teardown:
            task.as_teardown(on_failure_fail_dagrun=self.on_failure_fail_dagrun)
        task.returns_dag_result = self.returns_dag_result
        return XComArg(task)

    # --- mapping --------------------------------------------------------------------------------------------

    def partial(self, **kwargs: Any) -> TaskPartial:
        """Fix some arguments of the function; ``expand`` gives the others."""
        self._check_names(kwargs, "partial")
        return TaskPartial(self, kwargs)

    def expand(self, **map_kwargs: Any) -> XComArg:
        """Make one instance of the task per combination of the values."""
        return TaskPartial(self, {}).expand(**map_kwargs)

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> XComArg:
        """Make one instance of the task per dict of arguments."""
        return TaskPartial(self, {}).expand_kwargs(kwargs, strict=strict)

    def override(self, **kwargs: Any) -> TaskDecorator:
        """Return the same function with other arguments of the task."""
        multiple_outputs = kwargs.pop("multiple_outputs", self.multiple_outputs)
        twin = TaskDecorator(self.function, self.operator_class, {**self.kwargs, **kwargs}, multiple_outputs)
        twin.is_setup, twin.is_teardown = self.is_setup, self.is_teardown
        twin.returns_dag_result = self.returns_dag_result
        twin.on_failure_fail_dagrun = kwargs.get("on_failure_fail_dagrun", self.on_failure_fail_dagrun)
        return twin

    def _argument_names(self) -> frozenset[str] | None:
        """Return the names that the function takes; None if it takes any."""
        parameters = inspect.signature(self.function).parameters.values()
        if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            return None
        return frozenset(parameter.name for parameter in parameters)

    def _check_names(self, kwargs: Collection[str], method: str) -> None:
        names = self._argument_names()
        unknown = sorted(set(kwargs) - names) if names is not None else []
        if unknown:
            raise TypeError(
                f"{method}() of task function {self.function.__name__!r} got unknown arguments "
                f"{', '.join(unknown)}"
            )

    def __get__(self, instance: Any, owner: type) -> Any:
        """Work as a method where a class has decorated functions."""
        return self if instance is None else types.MethodType(self, instance)


class TaskPartial:
    """A decorated function with some arguments fixed."""

    def __init__(self, decorator: TaskDecorator, op_kwargs: dict[str, Any]) -> None:
        self._decorator = decorator
        self._op_kwargs = op_kwargs

    def partial(self, **kwargs: Any) -> TaskPartial:
        """Fix more arguments."""
        self._decorator._check_names(kwargs, "partial")
        return TaskPartial(self._decorator, {**self._op_kwargs, **kwargs})

    def expand(self, **map_kwargs: Any) -> XComArg:
        """Make one instance of the task per combination of the values."""
        return self._decorator._finish(self._operator_partial().expand(**map_kwargs))

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> XComArg:
        """Make one instance of the task per dict of arguments."""
        return self._decorator._finish(self._operator_partial().expand_kwargs(kwargs, strict=strict))

    def _operator_partial(self) -> OperatorPartial:
        decorator = self._decorator
        kwargs = decorator._task_kwargs()
        kwargs["task_id"] = get_unique_task_id(kwargs["task_id"], kwargs.get("dag"), kwargs.get("task_group"))
        kwargs.update(
            python_callable=decorator.function,
            op_kwargs=self._op_kwargs,
            multiple_outputs=decorator.multiple_outputs,
        )
        return OperatorPartial(
            operator_class=decorator.operator_class,
            mapped_class=MappedOperator,
            kwargs=kwargs,
            into="op_kwargs",
            expected=decorator._argument_names(),
        )


def infer_multiple_outputs(function: Callable[..., Any]) -> bool:
    """Return whether the annotation says that the function returns a dict with text keys, each of which is a
    result.
    """
    annotation = getattr(function, "__annotations__", {}).get("return")
    if isinstance(annotation, str):
        try:
            annotation = eval(annotation, getattr(function, "__globals__", {}))  # the file's own annotation
        except Exception:  # a name that exists for type checkers only
            return False
    origin = typing.get_origin(annotation) or annotation
    if not isinstance(origin, type):
        return False
    return issubclass(origin, dict) or typing.is_typeddict(origin) or origin is Mapping


def task_decorator_factory(
    python_callable: Callable[..., Any] | None = None,
    *,
    multiple_outputs: bool | None = None,
    decorated_operator_class: type[BaseOperator],
    **kwargs: Any,
) -> Any:
    """Return a decorated function, or a decorator if no function is given. Provider packages build their
    flavours with it.
    """
    if python_callable is not None:
        return TaskDecorator(python_callable, decorated_operator_class, kwargs, multiple_outputs)

    def decorate(function: Callable[..., Any]) -> TaskDecorator:
        return TaskDecorator(function, decorated_operator_class, kwargs, multiple_outputs)

    return decorate


Condition = Callable[[Context], bool] | Callable[[Context], tuple[bool, str | None]]


def _guard(
    condition: Any, skip_message: str | None, run_when: bool
) -> Callable[[TaskDecorator], TaskDecorator]:
    """Return a decorator that lets the task be skipped depending on what ``condition`` says."""

    def decorate(decorated: TaskDecorator) -> TaskDecorator:
        if not isinstance(decorated, TaskDecorator):
            raise TypeError("@task.run_if and @task.skip_if go above a @task decorator")
        earlier = decorated.kwargs.get("pre_execute")

        def pre_execute(context: Context) -> None:
            if earlier is not None:
                earlier(context)
            answer = condition(context)
            holds, message = answer if isinstance(answer, tuple) else (answer, None)
            if bool(holds) is not run_when:
                name = getattr(condition, "__name__", "the condition")
                raise AirflowSkipException(
                    skip_message or message or f"skipped, because {name} gave {holds!r}"
                )

        decorated.kwargs["pre_execute"] = pre_execute
        return decorated

    return decorate


class FlavourDecorator:
    """``@task.bash`` and its sisters: decorates a function, or takes the task's arguments and then decorates
    one.
    """

    def __init__(self, flavour: str) -> None:
        self._flavour = flavour

    @overload
    def __call__(self, python_callable: Callable[..., Any]) -> TaskDecorator: ...
    @overload
    def __call__(
        self, *, multiple_outputs: bool | None = None, **kwargs: Any
    ) -> Callable[[Callable[..., Any]], TaskDecorator]: ...
    def __call__(
        self, python_callable: Any = None, *, multiple_outputs: bool | None = None, **kwargs: Any
    ) -> Any:
        """Decorate a function that is to run as a task."""
        if python_callable is not None and not callable(python_callable):
            raise TypeError("the arguments of @task are given by name, as in @task(task_id='load')")
        return task_decorator_factory(
            python_callable,
            multiple_outputs=multiple_outputs,
            decorated_operator_class=decorated_class(self._flavour),
            **kwargs,
        )


class TaskDecoratorCollection(FlavourDecorator):
    """What ``task`` is: ``@task`` itself, and one attribute per flavour."""

    def __init__(self) -> None:
        super().__init__("python")

    def __getattr__(self, name: str) -> FlavourDecorator:
        if name.startswith("_"):
            raise AttributeError(name)
        flavour = find_flavour(name)
        if flavour.decorator is not None:
            return cast(FlavourDecorator, load_late(flavour.decorator))
        return FlavourDecorator(name)

    @staticmethod
    def run_if(condition: Any, skip_message: str | None = None) -> Callable[[TaskDecorator], TaskDecorator]:
        """Run the task only if ``condition(context)`` holds; skip it otherwise. The condition may return a
        message too.
        """
        return _guard(condition, skip_message, run_when=True)

    @staticmethod
    def skip_if(condition: Any, skip_message: str | None = None) -> Callable[[TaskDecorator], TaskDecorator]:
        """Skip the task if ``condition(context)`` holds. The condition may return a message too."""
        return _guard(condition, skip_message, run_when=False)

    def __dir__(self) -> list[str]:
        return [*flavour_names(), "run_if", "skip_if"]


task = TaskDecoratorCollection()


def setup(function: Any) -> TaskDecorator:
    """Make a function, decorated with ``@task`` or not, a setup."""
    decorated: TaskDecorator = (
        function if isinstance(function, TaskDecorator) else task(_no_group(function, "setup"))
    )
    decorated.is_setup = True
    return decorated


@overload
def teardown(function: Callable[..., Any]) -> TaskDecorator: ...
@overload
def teardown(*, on_failure_fail_dagrun: bool = False) -> Callable[[Callable[..., Any]], TaskDecorator]: ...
def teardown(function: Any = None, *, on_failure_fail_dagrun: bool = False) -> Any:
    """Make a function, decorated with ``@task`` or not, a teardown."""

    def decorate(function: Any) -> TaskDecorator:
        decorated: TaskDecorator = (
            function if isinstance(function, TaskDecorator) else task(_no_group(function, "teardown"))
        )
        decorated.is_teardown = True
        decorated.on_failure_fail_dagrun = on_failure_fail_dagrun
        return decorated

    return decorate if function is None else decorate(function)


def result(decorated: TaskDecorator) -> TaskDecorator:
    """Say that what this task returns is what its DAG gives back; goes above ``@task``.

    Raises:
        TypeError: it decorates something else.
    """
    if not isinstance(decorated, TaskDecorator):
        raise TypeError(f"@result goes above a @task decorator; it decorates {decorated!r:.80}")
    decorated.returns_dag_result = True
    return decorated


def _no_group(function: Any, name: str) -> Any:
    if hasattr(function, "expand_kwargs"):
        raise InvalidDagError(f"a task group cannot be a {name}; decorate the tasks inside of it")
    return function

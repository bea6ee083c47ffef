"""The task behind ``@task``: an operator that runs, or is configured by, a Python function."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from textwrap import dedent
from typing import Any, Final, cast

from etesian.sdk.graph.scope import DagContext, TaskGroupContext
from etesian.sdk.late_names import load_late
from etesian.sdk.running.rendered_fields import send_rendered_fields
from etesian.sdk.runtime import has_platform
from etesian.sdk.tasks.call_check import check_call
from etesian.sdk.tasks.flavours import find_flavour
from etesian.sdk.tasks.operator import BaseOperator
from etesian.sdk.tasks.operator_meta import BaseOperatorMeta
from etesian.sdk.tasks.user_call import call_function, choose_kwargs
from etesian.sdk.xcoms.xcom_arg import NOTSET

#: What a field holds until the function has computed it.
SET_DURING_EXECUTION: Final = NOTSET
#: decorators that are dropped when a function's source is run in another interpreter
_OWN_DECORATORS: Final = re.compile(r"^(\w+\.)*(task|dag_task|setup|teardown|result)\b")


def get_unique_task_id(task_id: str, dag: Any = None, task_group: Any = None) -> str:
    """Return ``task_id``, or ``task_id__1``, ``task_id__2`` ... if the name is taken in the open DAG and
    group.
    """
    dag = dag or DagContext.get_current()
    if dag is None or DagContext.is_detached:
        return task_id
    group = task_group or TaskGroupContext.get_current(dag)
    number, candidate = 0, task_id
    if group.child_id(task_id) in dag.used_node_ids:
        candidate = base = re.split(r"__\d+$", task_id)[0]
        while group.child_id(candidate) in dag.used_node_ids:
            number += 1
            candidate = f"{base}__{number}"
    return candidate


class DecoratedOperator(BaseOperator):
    """Base of the operators behind ``@task`` flavours; the operator that does the work comes after it in the
    bases.
    """

    template_fields: Collection[str] = ("op_args", "op_kwargs")
    custom_operator_name: str | None = "@task"

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        task_id: str,
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        kwargs_to_upstream: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.python_callable = python_callable
        self.op_args: Sequence[Any] = list(op_args or ())
        self.op_kwargs: dict[str, Any] = dict(op_kwargs or {})
        if not DagContext.is_detached:
            task_id = get_unique_task_id(task_id, kwargs.get("dag"), kwargs.get("task_group"))
            check_call(python_callable, self.op_args, self.op_kwargs, f"task {task_id!r}")
        super().__init__(task_id=task_id, **dict(kwargs_to_upstream or {}), **kwargs)

    @property
    def decorated_function(self) -> Callable[..., Any]:
        """Return the function."""
        return self.python_callable

    def get_python_source(self) -> str:
        """Return the function's source without our decorators, to be run in another interpreter."""
        return source_without_decorators(self.python_callable)


def source_without_decorators(function: Callable[..., Any]) -> str:
    """Return the source of a function, dedented, without the decorators that make it a task."""
    source = dedent(inspect.getsource(function))
    tree = ast.parse(source).body[0]
    if not isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef):
        return source
    lines = source.splitlines(keepends=True)
    for decorator in reversed(tree.decorator_list):
        if _OWN_DECORATORS.match(ast.unparse(decorator)):
            del lines[decorator.lineno - 1 : decorator.end_lineno]
    return "".join(lines)


class _CallingOperator(DecoratedOperator):
    """Joined with an operator that takes the function and its arguments."""

    def __init__(self, *, python_callable: Callable[..., Any], **kwargs: Any) -> None:
        op_args, op_kwargs = kwargs.get("op_args") or (), kwargs.get("op_kwargs") or {}
        upstream = {"python_callable": python_callable, "op_args": op_args, "op_kwargs": op_kwargs}
        super().__init__(python_callable=python_callable, kwargs_to_upstream=upstream, **kwargs)


class _ComputedFieldOperator(DecoratedOperator):
    """Joined with an operator of which one field is what the function returns."""

    result_into: str

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(kwargs_to_upstream={self.result_into: SET_DURING_EXECUTION}, **kwargs)

    def execute(self, context: Any) -> Any:
        """Call the function, render what it returns, and run the operator with it."""
        offered = {**context, **self.op_kwargs}
        kwargs = choose_kwargs(self.python_callable, self.op_args, offered)
        value = call_function(self.python_callable, self.op_args, kwargs)
        if value is None:
            raise TypeError(
                f"the function of task {self.task_id!r} returned nothing; its result is the "
                f"{self.result_into}"
            )
        setattr(self, self.result_into, self.render_template(value, context))
        if has_platform():
            send_rendered_fields(self, context["ti"].attempt_id)
        return super().execute(context)


@cache
def decorated_class(name: str) -> type[DecoratedOperator]:
    """Return the operator class of a flavour: our part, then the operator that does the work."""
    flavour = find_flavour(name)
    operator = load_late(str(flavour.operator))
    base: type[DecoratedOperator] = _ComputedFieldOperator if flavour.result_into else _CallingOperator
    attributes: dict[str, Any] = {
        "__module__": operator.__module__,
        "__doc__": f"The task of ``@task.{name}``.",
        "custom_operator_name": "@task" if name == "python" else f"@task.{name}",
        "template_fields": _merged_fields(operator),
        "result_into": flavour.result_into,
    }
    class_name = flavour.class_name or f"_{name}DecoratedOperator"
    return cast(type[DecoratedOperator], BaseOperatorMeta(class_name, (base, operator), attributes))


def _merged_fields(operator: type[BaseOperator]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*operator.template_fields, *DecoratedOperator.template_fields)))

"""How an operator is made: ``default_args`` fill the arguments that were left out, at every level of
inheritance.

The metaclass wraps each ``__init__``, so that it also works for classes from provider packages, which only
call ``super().__init__(**kwargs)``. A default fills an argument of the ``__init__`` that names it; other keys
of ``default_args`` are left alone, because they may be meant for other operators.
"""

from __future__ import annotations

import inspect
from abc import ABCMeta
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any

from etesian.sdk.exceptions import AirflowException, InvalidDagError, MissingArgumentError
from etesian.sdk.graph.scope import DagContext, TaskGroupContext
from etesian.sdk.tasks.argument_adapters import find_adapters
from etesian.sdk.tasks.old_arguments import OPERATOR_RENAMED


@dataclass(frozen=True, slots=True)
class Signature:
    """The named arguments of an ``__init__``."""

    names: tuple[str, ...]
    required: tuple[str, ...]


@cache
def signature_of(init: Callable[..., None]) -> Signature:
    """Return the arguments of an ``__init__`` that are passed by name, without ``self``."""
    named = [
        parameter
        for name, parameter in list(inspect.signature(init).parameters.items())[1:]
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]
    return Signature(
        names=tuple(parameter.name for parameter in named),
        required=tuple(parameter.name for parameter in named if parameter.default is parameter.empty),
    )


def merge_default_args(dag: Any, task_group: Any, own: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the defaults of a task: the DAG's, then each group's from the outside in, then its own."""
    merged: dict[str, Any] = dict(dag.default_args or {}) if dag is not None else {}
    groups = []
    group = task_group
    while group is not None:
        groups.append(group)
        group = group.parent_group
    for group in reversed(groups):
        merged.update(group.default_args or {})
    merged.update(own or {})
    return merged


def find_default_args(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults for an operator made with ``kwargs`` at this place in the file."""
    group = kwargs.get("task_group")
    dag = kwargs.get("dag") or (group.dag if group is not None else DagContext.get_current())
    if group is None:
        group = TaskGroupContext.get_current(dag)
    if dag is None and group is not None:
        dag = group.dag
    return merge_default_args(dag, group, kwargs.get("default_args"))


def _fill_and_check(
    owner: Any, signature: Signature, kwargs: dict[str, Any], defaults: Mapping[str, Any]
) -> None:
    for name in signature.names:
        if (
            name not in kwargs
            and name in defaults
            and name not in ("task_id", "default_args", "params", "dag", "task_group")
        ):
            kwargs[name] = defaults[name]
    missing = [name for name in signature.required if name not in kwargs]
    if missing:
        raise _missing_argument(owner, signature, missing, kwargs)


def _missing_argument(
    owner: Any, signature: Signature, missing: Sequence[str], kwargs: Mapping[str, Any]
) -> MissingArgumentError:
    from difflib import get_close_matches  # only needed to explain a mistake

    task = f" {kwargs['task_id']!r}" if "task_id" in kwargs else ""
    what = "missing keyword arguments" if len(missing) > 1 else "missing keyword argument"
    others = [name for name in kwargs if name not in signature.names]
    misspelt = [close for name in missing for close in get_close_matches(name, others, n=1, cutoff=0.8)]
    hint = f"; is {', '.join(map(repr, misspelt))} misspelt?" if misspelt else ""
    names = ", ".join(map(repr, missing))
    return MissingArgumentError(f"{what} {names}", owner=f"{type(owner).__name__}{task}", hint=hint)


def _with_renamed(defaults: dict[str, Any]) -> dict[str, Any]:
    """Return defaults in which keys of old names are also found under their new ones."""
    for old, new in OPERATOR_RENAMED.items():
        if old in defaults:
            defaults.setdefault(new, defaults[old])
    return defaults


def _wrap_init(init: Callable[..., None]) -> Callable[..., None]:
    path = f"{init.__module__}.{init.__qualname__}"

    @wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        if args:
            raise AirflowException(
                f"{type(self).__name__} takes keyword arguments only; got {len(args)} without a name, the "
                f"first is {args[0]!r:.80}"
            )
        state = self.__dict__
        is_outermost = "_default_args" not in state
        if is_outermost:
            state["_default_args"] = _with_renamed(find_default_args(kwargs))
        signature = signature_of(init)
        for adapter in find_adapters(path, signature.names):
            adapter.apply(kwargs, state["_default_args"], taken=signature.names)
        _fill_and_check(self, signature, kwargs, state["_default_args"])
        init(self, **kwargs)
        if is_outermost:
            if "task_id" not in state:
                raise InvalidDagError(
                    f"{type(self).__name__}.__init__() does not call super().__init__(**kwargs)"
                )
            self._finish_making()

    __init__.__dict__["fills_default_args"] = True
    return __init__


class BaseOperatorMeta(ABCMeta):
    """Metaclass of operators; see the module."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> Any:
        """Wrap the ``__init__`` of a new operator class."""
        init = namespace.get("__init__")
        if init is not None and not getattr(init, "fills_default_args", False):
            namespace["__init__"] = _wrap_init(init)
        if isinstance(namespace.get("template_fields"), str):  # a tuple of one that lost its comma
            namespace["template_fields"] = (namespace["template_fields"],)
        return super().__new__(mcs, name, bases, namespace, **kwargs)

"""Sensors whose condition is a Python function."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from etesian.sdk.tasks.user_call import call_function, choose_kwargs
from etesian.sensors.base import BaseSensorOperator, PokeReturnValue

if TYPE_CHECKING:
    from etesian.sdk.context import Context


class PythonSensor(BaseSensorOperator):
    """Waits until a function returns something true, or a ``PokeReturnValue`` that says so."""

    template_fields: Sequence[str] = ("templates_dict", "op_args", "op_kwargs")
    shallow_copy_attrs: Sequence[str] = ("python_callable",)

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        templates_dict: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.python_callable = python_callable
        self.op_args = op_args if op_args is not None else ()
        self.op_kwargs = op_kwargs if op_kwargs is not None else {}
        self.templates_dict = templates_dict

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """Call the function."""
        offered: Any = context.copy()
        offered.update(self.op_kwargs)
        offered["templates_dict"] = self.templates_dict
        args = tuple(self.op_args)
        kwargs = choose_kwargs(self.python_callable, args, offered)
        found = call_function(self.python_callable, args, kwargs, context.get("outlet_events"))
        return found if isinstance(found, PokeReturnValue) else bool(found)

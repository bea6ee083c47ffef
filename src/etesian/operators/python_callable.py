"""Tasks that call a Python function in their own process."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from etesian.sdk.exceptions import AirflowException
from etesian.sdk.tasks.operator import BaseOperator
from etesian.sdk.tasks.user_call import call_function, choose_kwargs

if TYPE_CHECKING:
    from etesian.sdk.context import Context

#: Of what a function returns, the log shows so much; the whole of it is the XCom.
MAX_SHOWN_CHARACTERS: Final = 64 * 1024


class PythonOperator(BaseOperator):
    """Calls a function; what it returns is the task's XCom.

    The function gets ``op_args`` by position, and by name ``op_kwargs`` and the keys of the context, as far
    as it names them or has ``**kwargs``. It may be a coroutine function, or a generator that yields
    ``Metadata``.
    """

    template_fields: Sequence[str] = ("templates_dict", "op_args", "op_kwargs")
    template_fields_renderers: ClassVar[Mapping[str, str]] = {
        "templates_dict": "json",
        "op_args": "py",
        "op_kwargs": "py",
    }
    shallow_copy_attrs: Sequence[str] = ("python_callable",)
    ui_color = "#ffefeb"

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        templates_dict: Mapping[str, Any] | None = None,
        templates_exts: Sequence[str] | None = None,
        show_return_value_in_logs: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(python_callable):
            raise AirflowException(
                f"`python_callable` of task {self.task_id!r} must be callable, got {python_callable!r}"
            )
        self.python_callable = python_callable
        self.op_args = op_args if op_args is not None else ()
        self.op_kwargs = op_kwargs if op_kwargs is not None else {}
        self.templates_dict = templates_dict
        self.show_return_value_in_logs = show_return_value_in_logs
        if templates_exts:
            self.template_ext = tuple(templates_exts)

    @property
    def is_async(self) -> bool:
        """Whether the function is a coroutine function."""
        return inspect.iscoroutinefunction(inspect.unwrap(self.python_callable))

    def execute(self, context: Context) -> Any:
        """Call the function and return what it returns."""
        self.op_kwargs = self.determine_kwargs(context)
        value = self.execute_callable(context)
        if value is not None:
            if self.show_return_value_in_logs:
                self.log.info("Done. Returned value was: %s", _shorten(str(value)))
            else:
                self.log.info("Done. Returned value not shown")
        return value

    def determine_kwargs(self, context: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the arguments that the function gets by name."""
        own = {"templates_dict": self.templates_dict}
        return choose_kwargs(self.python_callable, tuple(self.op_args), own, self.op_kwargs, context)

    def execute_callable(self, context: Context | None = None) -> Any:
        """Call the function with ``op_args`` and ``op_kwargs``."""
        outlet_events = context.get("outlet_events") if context is not None else None
        return call_function(self.python_callable, tuple(self.op_args), self.op_kwargs, outlet_events)


def _shorten(text: str) -> str:
    if len(text) <= MAX_SHOWN_CHARACTERS:
        return text
    return f"{text[:MAX_SHOWN_CHARACTERS]}... ({len(text) - MAX_SHOWN_CHARACTERS} more characters)"

"""How a function, its arguments and its result travel to another interpreter: through files in a folder.

The function travels as its source, so it must import what it needs itself. Values travel as JSON where that
is exact, else through ``pickle``, ``cloudpickle`` or ``dill``: both processes belong to the same task, and
to nobody else.
"""

from __future__ import annotations

import inspect
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any, Final

from etesian.operators import elsewhere_runner
from etesian.sdk.exceptions import AirflowException
from etesian.sdk.tasks.decorated_operator import source_without_decorators

SERIALIZERS: Final = ("pickle", "cloudpickle", "dill")


class TransportError(AirflowException):
    """A function or a value cannot be taken to another interpreter, or failed there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCall:
    """One call to make elsewhere."""

    function: Callable[..., Any]
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    string_args: Sequence[str] = ()
    serializer: str | None = None  #: None: JSON where it is exact, else pickle

    def write(self, folder: Path) -> list[str]:
        """Write the call into ``folder`` and return the arguments to give to the other interpreter.

        Raises:
            TransportError: the function has no source, or an argument cannot be serialised.
        """
        request = {
            "function": self.function.__name__,
            "args": self._pack(tuple(self.args), "op_args"),
            "kwargs": self._pack(dict(self.kwargs), "op_kwargs and context"),
            "string_args": list(self.string_args),
            "serializer": self.serializer,
        }
        (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
        source = f"from __future__ import annotations\n\n{function_source(self.function)}"
        (folder / "function.py").write_text(source, encoding="utf-8")
        runner = folder / "runner.py"
        shutil.copyfile(elsewhere_runner.__file__, runner)
        return [str(runner), str(folder)]

    def _pack(self, value: Any, what: str) -> Any:
        try:
            return elsewhere_runner.pack(value, self.serializer)
        except ImportError as error:
            raise TransportError(f"the serializer {self.serializer!r} is not installed here") from error
        except Exception as error:
            raise TransportError(
                f"{what} of {self.function.__name__!r} cannot be sent to another interpreter: {error}; "
                "pass plain values, or choose serializer='cloudpickle'"
            ) from error


def read_result(folder: Path) -> Any:
    """Return what the function returned.

    Raises:
        TransportError: it raised, returned something that cannot come back, or never finished.
    """
    error, result = folder / "error.json", folder / "result.json"
    if error.exists():
        described = json.loads(error.read_text(encoding="utf-8"))
        raise TransportError(f"{described['type']}: {described['message']}")
    if not result.exists():
        raise TransportError("the other interpreter ended without calling the function to its end")
    try:
        return elsewhere_runner.unpack(json.loads(result.read_text(encoding="utf-8")))
    except Exception as problem:
        raise TransportError(
            f"the function's result cannot be read here: {problem}; return texts, numbers and lists"
        ) from problem


def function_source(function: Callable[..., Any]) -> str:
    """Return the source of a function, flush left, without the decorators that make it a task.

    Raises:
        TransportError: it is no plain function, or its source is not known.
    """
    plain = inspect.unwrap(function)
    if not isinstance(plain, FunctionType) or plain.__name__ == "<lambda>":
        raise TransportError(
            f"only a function that is written with def can run in another interpreter, got {function!r}"
        )
    try:
        return source_without_decorators(plain)
    except (OSError, TypeError) as error:
        raise TransportError(f"the source of {plain.__name__!r} cannot be found: {error}") from error

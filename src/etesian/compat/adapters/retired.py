"""Operators, sensors and hooks that provider packages dropped together with the service behind them.

A file that names one can be read, and the other tasks of its DAG run. The task itself fails and says why.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, NoReturn

from etesian.hooks.base import BaseHook
from etesian.sdk.exceptions import AirflowException
from etesian.sdk.tasks.old_arguments import OPERATOR_RENAMED
from etesian.sdk.tasks.operator import BaseOperator
from etesian.sdk.tasks.operator_meta import signature_of

_WHY = "{name} is no longer in its provider package: the service behind it is gone or has other operators now"


class RetiredOperatorError(AirflowException):
    """What a task needs is no longer in its provider package."""


class _RetiredOperator(BaseOperator):
    """Takes whatever arguments the operator took."""

    def __init__(self, **kwargs: Any) -> None:
        name = type(self).__name__
        warnings.warn(f"{_WHY.format(name=name)}; the task will fail", DeprecationWarning, stacklevel=2)
        known = {*signature_of(BaseOperator.__init__).names, *OPERATOR_RENAMED}
        super().__init__(**{key: value for key, value in kwargs.items() if key in known})

    def execute(self, context: Any) -> NoReturn:
        """Fail.

        Raises:
            RetiredOperatorError: always.
        """
        raise RetiredOperatorError(f"{_WHY.format(name=type(self).__name__)}; see the provider's changelog")


class _RetiredHook(BaseHook):
    """Can be made, and does nothing."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def get_conn(self) -> NoReturn:
        """Fail.

        Raises:
            RetiredOperatorError: always.
        """
        raise RetiredOperatorError(_WHY.format(name=type(self).__name__))


class CloudAutoMLHook(_RetiredHook):
    """AutoML's; files take a function from it while they are read."""

    @staticmethod
    def extract_object_id(obj: Mapping[str, str]) -> str:
        """Return the last part of the name of an object.

        >>> CloudAutoMLHook.extract_object_id({"name": "projects/p/datasets/d1"})
        'd1'
        """
        return obj["name"].rpartition("/")[-1]


def __getattr__(name: str) -> Any:
    """Make the class of that name."""
    base: Any = _RetiredHook if name.endswith("Hook") else _RetiredOperator
    if not name.endswith(("Hook", "Operator", "Sensor")):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    made = type(base)(name, (base,), {"__module__": __name__, "__doc__": _WHY.format(name=name)})
    globals()[name] = made
    return made

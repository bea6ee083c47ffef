"""The flavours of ``@task``: which operator runs the function of ``@task.branch``, ``@task.bash`` and their
sisters.

A flavour is an operator class that calls a function (``python_callable``), or one of whose fields the
function computes (``result_into``). It is named by its import path, because operators live above the SDK. A
provider package's flavour is a decorator function of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from etesian.sdk.exceptions import AirflowException


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavour:
    """One flavour. Either ``operator`` or ``decorator`` is set."""

    name: str
    operator: str | None = None  #: ``module:Class``
    class_name: str = ""  #: the name that users see as the task's type
    result_into: str | None = None  #: the operator's field that the function's result becomes
    decorator: str | None = None  #: ``module:function`` of a provider


def _python(name: str, operator: str, class_name: str) -> Flavour:
    return Flavour(name=name, operator=f"etesian.operators.{operator}", class_name=class_name)


_FLAVOURS: dict[str, Flavour] = {
    flavour.name: flavour
    for flavour in (
        _python("python", "python_callable:PythonOperator", "_PythonDecoratedOperator"),
        _python("branch", "python_branch:BranchPythonOperator", "_BranchPythonDecoratedOperator"),
        _python("short_circuit", "python_branch:ShortCircuitOperator", "_ShortCircuitDecoratedOperator"),
        _python(
            "virtualenv", "python_elsewhere:PythonVirtualenvOperator", "_PythonVirtualenvDecoratedOperator"
        ),
        _python(
            "external_python", "python_elsewhere:ExternalPythonOperator", "_PythonExternalDecoratedOperator"
        ),
        _python(
            "branch_virtualenv",
            "python_elsewhere:BranchPythonVirtualenvOperator",
            "_BranchPythonVirtualenvDecoratedOperator",
        ),
        _python(
            "branch_external_python",
            "python_elsewhere:BranchExternalPythonOperator",
            "_BranchExternalPythonDecoratedOperator",
        ),
        Flavour(
            name="sensor",
            operator="etesian.sensors.python:PythonSensor",
            class_name="DecoratedSensorOperator",
        ),
        Flavour(
            name="bash",
            operator="etesian.operators.bash:BashOperator",
            class_name="_BashDecoratedOperator",
            result_into="bash_command",
        ),
    )
}
_sources: list[Callable[[str], Flavour | None]] = []


def register_flavour(flavour: Flavour) -> None:
    """Add a flavour, or replace the one of its name."""
    _FLAVOURS[flavour.name] = flavour


def add_flavour_source(find: Callable[[str], Flavour | None]) -> None:
    """Add a place to look for flavours that nobody registered, such as the installed provider packages."""
    _sources.append(find)


def find_flavour(name: str) -> Flavour:
    """Return the flavour of that name.

    Raises:
        AirflowException: there is none.
    """
    found = _FLAVOURS.get(name)
    if found is not None:
        return found
    for find in _sources:
        found = find(name)
        if found is not None:
            return found
    raise AirflowException(
        f"there is no @task.{name}; there are {', '.join(sorted(_FLAVOURS))}, and those of installed "
        "provider packages"
    )


def flavour_names() -> list[str]:
    """Return the names of the registered flavours, sorted."""
    return sorted(_FLAVOURS)

"""Etesian: author, schedule and monitor workflows as Python code.

Everything that a DAG file needs is importable from here; each name is loaded when it is first used.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = (
    False  # without `typing`: this module is imported at the start of every process with the airflow hook
)
if TYPE_CHECKING:
    from typing import Any

    from etesian.sdk.assets import Asset, AssetAlias, AssetAll, AssetAny, AssetWatcher, Dataset
    from etesian.sdk.connection import Connection
    from etesian.sdk.context import Context, get_current_context
    from etesian.sdk.dag import DAG, dag
    from etesian.sdk.edges import Label, chain, chain_linear, cross_downstream
    from etesian.sdk.operator import BaseOperator
    from etesian.sdk.params import Param
    from etesian.sdk.task_group import TaskGroup
    from etesian.sdk.task_group_decorator import task_group
    from etesian.sdk.taskflow import setup, task, teardown
    from etesian.sdk.variable import Variable
    from etesian.sdk.xcom_arg import XComArg

#: where each public name is defined
_HOMES: dict[str, str] = {
    "DAG": "etesian.sdk.dag",
    "Asset": "etesian.sdk.assets",
    "AssetAlias": "etesian.sdk.assets",
    "AssetAll": "etesian.sdk.assets",
    "AssetAny": "etesian.sdk.assets",
    "AssetWatcher": "etesian.sdk.assets",
    "BaseOperator": "etesian.sdk.operator",
    "Connection": "etesian.sdk.connection",
    "Context": "etesian.sdk.context",
    "Dataset": "etesian.sdk.assets",
    "Label": "etesian.sdk.edges",
    "Param": "etesian.sdk.params",
    "TaskGroup": "etesian.sdk.task_group",
    "Variable": "etesian.sdk.variable",
    "XComArg": "etesian.sdk.xcom_arg",
    "chain": "etesian.sdk.edges",
    "chain_linear": "etesian.sdk.edges",
    "cross_downstream": "etesian.sdk.edges",
    "dag": "etesian.sdk.dag",
    "get_current_context": "etesian.sdk.context",
    "setup": "etesian.sdk.taskflow",
    "task": "etesian.sdk.taskflow",
    "task_group": "etesian.sdk.task_group_decorator",
    "teardown": "etesian.sdk.taskflow",
}

__all__ = [
    "DAG",
    "Asset",
    "AssetAlias",
    "AssetAll",
    "AssetAny",
    "AssetWatcher",
    "BaseOperator",
    "Connection",
    "Context",
    "Dataset",
    "Label",
    "Param",
    "TaskGroup",
    "Variable",
    "XComArg",
    "__version__",
    "chain",
    "chain_linear",
    "cross_downstream",
    "dag",
    "get_current_context",
    "setup",
    "task",
    "task_group",
    "teardown",
]


def __getattr__(name: str) -> Any:  # Any: each name has its own type, told to type checkers above
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'etesian' has no attribute {name!r}; it has {', '.join(_HOMES)}")
    from importlib import import_module  # late, as above

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__

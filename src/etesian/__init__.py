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

    from etesian.sdk.assets.asset import Asset, AssetAlias, AssetAll, AssetAny, AssetWatcher, Dataset
    from etesian.sdk.connections.connection import Connection
    from etesian.sdk.connections.variable import Variable
    from etesian.sdk.context import Context, get_current_context
    from etesian.sdk.dags.dag import DAG, dag
    from etesian.sdk.graph.edges import Label, chain, chain_linear, cross_downstream
    from etesian.sdk.params.param import Param
    from etesian.sdk.tasks.operator import BaseOperator
    from etesian.sdk.tasks.task_group import TaskGroup
    from etesian.sdk.tasks.task_group_decorator import task_group
    from etesian.sdk.tasks.taskflow import setup, task, teardown
    from etesian.sdk.xcoms.xcom_arg import XComArg

#: where each public name is defined
_HOMES: dict[str, str] = {
    "DAG": "etesian.sdk.dags.dag",
    "Asset": "etesian.sdk.assets.asset",
    "AssetAlias": "etesian.sdk.assets.asset",
    "AssetAll": "etesian.sdk.assets.asset",
    "AssetAny": "etesian.sdk.assets.asset",
    "AssetWatcher": "etesian.sdk.assets.asset",
    "BaseOperator": "etesian.sdk.tasks.operator",
    "Connection": "etesian.sdk.connections.connection",
    "Context": "etesian.sdk.context",
    "Dataset": "etesian.sdk.assets.asset",
    "Label": "etesian.sdk.graph.edges",
    "Param": "etesian.sdk.params.param",
    "TaskGroup": "etesian.sdk.tasks.task_group",
    "Variable": "etesian.sdk.connections.variable",
    "XComArg": "etesian.sdk.xcoms.xcom_arg",
    "chain": "etesian.sdk.graph.edges",
    "chain_linear": "etesian.sdk.graph.edges",
    "cross_downstream": "etesian.sdk.graph.edges",
    "dag": "etesian.sdk.dags.dag",
    "get_current_context": "etesian.sdk.context",
    "setup": "etesian.sdk.tasks.taskflow",
    "task": "etesian.sdk.tasks.taskflow",
    "task_group": "etesian.sdk.tasks.task_group_decorator",
    "teardown": "etesian.sdk.tasks.taskflow",
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

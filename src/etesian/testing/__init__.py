"""Testing DAGs without a server: ``run_dag`` runs one in this process, ``FakeClock`` is the time it goes by.

Names are resolved when they are first used, so that the pytest plugin costs nothing where it is not needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from etesian.testing.clock import FakeClock
    from etesian.testing.dag_folder import DagFolder, DagFolderError, load_dags
    from etesian.testing.result import RunResult, TaskResult
    from etesian.testing.run import run_dag

__all__ = ["DagFolder", "DagFolderError", "FakeClock", "RunResult", "TaskResult", "load_dags", "run_dag"]

_MODULES: Final = {
    "DagFolder": "dag_folder",
    "DagFolderError": "dag_folder",
    "FakeClock": "clock",
    "RunResult": "result",
    "TaskResult": "result",
    "load_dags": "dag_folder",
    "run_dag": "run",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)

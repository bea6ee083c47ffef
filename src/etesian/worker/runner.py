"""What a DAG host needs of the authoring kit: load a file, run one workload. The rest of the worker knows no
DAGs.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import NamedTuple, Protocol

from etesian.foundation.errors import EtesianError
from etesian.protocol.reports import Outcome
from etesian.protocol.workloads import RunCallback, RunTask


class RunnerError(EtesianError):
    """The configured runner cannot be used."""


class TaskResult(NamedTuple):
    """What running a task gave."""

    outcome: Outcome
    rendered_map_index: str | None = None


class TaskRunner(Protocol):
    """Runs user code in this process. One object serves one process and one DAG file."""

    def load_rehearsal(self) -> RunTask | None:
        """Load a DAG with a task that does nothing, and return the workload that runs it; None if there is
        none.
        """
        ...

    def load(self, file: Path, dags_folder: Path) -> None:
        """Import the DAG file. Whatever it raises fails the attempts that wait for it, with its traceback."""
        ...

    def prepare_forks(self) -> None:
        """Set up what each process forked from this one would otherwise set up for itself."""
        ...

    def run_task(self, workload: RunTask) -> TaskResult:
        """Run one attempt to its end; what user code raises is an outcome too."""
        ...

    def run_callback(self, workload: RunCallback) -> None:
        """Call one callback; it fails by raising."""
        ...

    def time_out(self) -> BaseException:
        """Return what is raised inside a task that has used up its ``execution_timeout``."""
        ...


def create_runner(name: str) -> TaskRunner:
    """Return a new runner by its name, ``module:class``.

    Raises:
        RunnerError: there is no such class.
    """
    module_name, _, class_name = name.partition(":")
    try:
        runner: TaskRunner = getattr(importlib.import_module(module_name), class_name)()
    except (ImportError, AttributeError) as error:
        raise RunnerError(
            f"the worker's runner {name!r} cannot be made: {error}; expected 'module:class'"
        ) from error
    return runner

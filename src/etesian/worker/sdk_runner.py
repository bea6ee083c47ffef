"""The runner of production: DAG files and tasks as ``etesian.sdk`` understands them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from etesian.foundation.clock import utc_now
from etesian.protocol.reports import Failed
from etesian.protocol.workloads import RunCallback, RunContext, RunTask
from etesian.sdk.attempts.execution import execute_callback, run_attempt
from etesian.sdk.attempts.stopping import install_stop_handler
from etesian.sdk.dags.dag import DAG
from etesian.sdk.dags.dag_loading import DagFileError, import_dags, load_dags, module_name_of
from etesian.sdk.exceptions import AirflowTaskTimeout, DagNotFound
from etesian.worker.failed_import import DagImportError
from etesian.worker.runner import TaskResult

_REHEARSAL_FILE: Final = Path(__file__).resolve().parent / "rehearsal_dags" / "nothing.py"


class SdkRunner:
    """Runs the tasks of one DAG file."""

    def __init__(self) -> None:
        self._file = Path()
        self._dags: dict[str, DAG] = {}

    def load_rehearsal(self) -> RunTask:
        """Import a DAG file with a Python task that does nothing."""
        folder = _REHEARSAL_FILE.parent
        dag = import_dags(_REHEARSAL_FILE, folder)[0]  # which is nothing to the policies of the project
        sys.path.remove(str(folder))
        del sys.modules[module_name_of(_REHEARSAL_FILE.name)]
        self._dags = {dag.dag_id: dag}
        now = utc_now()
        run = RunContext(
            dag_id=dag.dag_id, run_id="rehearsal", run_type="manual", run_after=now, logical_date=now
        )
        return RunTask(attempt_id="rehearsal", run=run, task_id=dag.task_ids[0], file=_REHEARSAL_FILE.name)

    def load(self, file: Path, dags_folder: Path) -> None:
        """Import the DAG file.

        Raises:
            DagImportError: it raised, or tried to exit.
        """
        self._file = file
        try:
            self._dags = load_dags(file, dags_folder=dags_folder)
        except DagFileError as error:
            raise DagImportError(f"the DAG file cannot be imported: {error}", error.traceback) from error

    def prepare_forks(self) -> None:
        """Handle SIGTERM, as tasks expect it."""
        install_stop_handler()

    def run_task(self, workload: RunTask) -> TaskResult:
        """Run one attempt to its end."""
        dag = self._dags.get(workload.run.dag_id)
        operator = dag.task_dict.get(workload.task_id) if dag is not None else None
        if operator is None:
            return TaskResult(Failed(reason=self._describe_missing(workload), cause="not_started"))
        result = run_attempt(operator, workload)
        return TaskResult(result.outcome, result.rendered_map_index)

    def run_callback(self, workload: RunCallback) -> None:
        """Call one callback."""
        dag = self._dags.get(workload.run.dag_id)
        if dag is None:
            raise DagNotFound(self._describe_missing(workload))
        execute_callback(dag, workload)

    def time_out(self) -> BaseException:
        """Return what is raised inside a task that has used up its ``execution_timeout``."""
        return AirflowTaskTimeout("the task used up its execution_timeout")

    def _describe_missing(self, workload: RunTask | RunCallback) -> str:
        dag_id = workload.run.dag_id
        if dag_id not in self._dags:
            found = ", ".join(sorted(self._dags)) or "none"
            return f"the file {self._file} does not define the DAG {dag_id!r} any more; DAGs in it: {found}"
        return f"the DAG {dag_id!r} in {self._file} does not have the task {workload.task_id!r} any more"

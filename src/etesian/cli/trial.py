"""One task, loaded from its file to be tried in this process."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from etesian.cli.errors import NotFoundError, UsageError
from etesian.cli.lookup import find_dag
from etesian.cli.services.folders import bundle_folders
from etesian.cli.session import Session
from etesian.cli.trial_platform import TrialPlatform
from etesian.foundation.clock import utc_now
from etesian.protocol.reports import Outcome
from etesian.protocol.workloads import RunContext, RunTask
from etesian.sdk.attempts.execution import execute_task
from etesian.sdk.connections.secrets_masker import secrets_masker
from etesian.sdk.dags.dag import DAG
from etesian.sdk.dags.dag_loading import load_dags
from etesian.sdk.dags.spec_building import build_spec
from etesian.sdk.running.context_building import build_context
from etesian.sdk.running.dag_run import DagRun
from etesian.sdk.running.rendered_fields import collect_rendered_fields
from etesian.sdk.running.task_instance import InstanceFacts, TaskInstance
from etesian.sdk.runtime import Platform, set_platform
from etesian.timetables import manual_interval

#: No attempt of the platform has this id.
_ATTEMPT_ID: Final = "trial"


@dataclass(frozen=True, slots=True)
class Trial:
    """A task and the platform that answers it."""

    dag: DAG
    task: Any  #: an operator; its classes are the user's
    file: Path
    platform: Platform

    def run(self, logical_date: datetime | None, conf: dict[str, Any], map_index: int) -> Outcome:
        """Run the task once. Its log goes to standard error."""
        with _log_to_stderr(), _installed(self.platform):
            return execute_task(self.task, self._workload(logical_date, conf, map_index))

    def render(self, logical_date: datetime | None, conf: dict[str, Any], map_index: int) -> dict[str, Any]:
        """Return the task's template fields filled in, secrets masked."""
        workload = self._workload(logical_date, conf, map_index)
        with _installed(self.platform):
            instance = TaskInstance(self.task, DagRun(workload.run), InstanceFacts.of_task(workload))
            context = build_context(instance)
            task = self.task.unmap(context) if self.task.is_directly_mapped else self.task
            task.render_template_fields(context)
            return collect_rendered_fields(task)

    def _workload(self, logical_date: datetime | None, conf: dict[str, Any], map_index: int) -> RunTask:
        moment = logical_date or utc_now()
        start, end = manual_interval(build_spec(self.dag, file=str(self.file)).schedule, moment)
        run = RunContext(
            dag_id=self.dag.dag_id,
            run_id=f"trial__{moment.isoformat()}",
            run_type="manual",
            run_after=end,
            logical_date=moment,
            data_interval_start=start,
            data_interval_end=end,
            started_at=moment,
            conf=conf,
            triggered_by="test",
        )
        return RunTask(
            attempt_id=_ATTEMPT_ID,
            run=run,
            task_id=self.task.task_id,
            map_index=map_index,
            file=str(self.file),
        )


def open_trial(session: Session, dag_id: str, task_id: str, *, file: str | None) -> Trial:
    """Load a task from its DAG file, into this process.

    Raises:
        NotFoundError: there is no such file, DAG or task.
        DagFileError: the file cannot be imported.
    """
    path, folder = _find_file(session, dag_id, file)
    platform = TrialPlatform(session.store)
    with _installed(platform):
        dags = load_dags(path, dags_folder=folder)
    if dag_id not in dags:
        raise NotFoundError(f"DAG in {str(path)!r} named", dag_id, dags)
    dag = dags[dag_id]
    if task_id not in dag.task_dict:
        raise NotFoundError(f"task in DAG {dag_id!r} named", task_id, dag.task_dict)
    return Trial(dag, dag.task_dict[task_id], path, platform)


def _find_file(session: Session, dag_id: str, file: str | None) -> tuple[Path, Path]:
    """Return the DAG file and the folder that it belongs to."""
    if file is not None:
        path = Path(file).expanduser().absolute()
        if path.is_dir():
            raise UsageError(f"{file!r} is a folder; --file takes one DAG file")
        if not path.is_file():
            raise NotFoundError("file", file)
        return path, path.parent
    with session.store.read() as connection:
        dag = find_dag(connection, dag_id)
    folder = bundle_folders(session.settings).get(dag.bundle)
    if folder is None:
        raise NotFoundError("bundle", dag.bundle, bundle_folders(session.settings))
    return folder / dag.file, folder


@contextmanager
def _installed(platform: Platform) -> Iterator[None]:
    before = set_platform(platform)
    try:
        yield
    finally:
        set_platform(before)


@contextmanager
def _log_to_stderr() -> Iterator[None]:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.addFilter(secrets_masker())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)

"""Finding what a command line names; a wrong name gets the close ones that exist."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from etesian.cli.errors import CommandError, ExitCode, NotFoundError, list_known
from etesian.cli.moments import parse_moment
from etesian.lifecycle.records import DagRunRecord, RunKey, TaskInstanceRecord, TaskKey
from etesian.spec.dag import DagSpec
from etesian.spec.task import TaskSpec
from etesian.store.errors import UnknownDagError, UnknownRunError
from etesian.store.queries.dags import DagFilter, DagRecord, list_dags, load_dag
from etesian.store.queries.page import Paging
from etesian.store.queries.runs import RunFilter, list_runs, load_run
from etesian.store.queries.task_instances import load_task_instances_of_run
from etesian.store.queries.versions import load_newest_spec

#: Close names are looked for among this many.
_KNOWN_LIMIT = 5000
_KNOWN_RUNS = 100


class NoRunError(CommandError):
    """A DAG has never run."""

    exit_code = ExitCode.NOT_FOUND

    def __init__(self, dag_id: str) -> None:
        super().__init__(f"DAG {dag_id!r} has no runs yet; `etesian dags trigger {dag_id}` starts one")
        self.dag_id = dag_id


class NoInstanceError(CommandError):
    """A task has no instance of that map index."""

    exit_code = ExitCode.NOT_FOUND

    def __init__(self, task_id: str, map_index: int, known: Sequence[int]) -> None:
        if list(known) == [-1]:
            text = f"task {task_id!r} is not mapped, it has no instance {map_index}; leave --map-index out"
        else:
            what = "say --map-index" if map_index == -1 else f"it has no instance {map_index}"
            text = f"task {task_id!r} is mapped, {what}; {list_known([str(index) for index in known])}"
        super().__init__(text)
        self.task_id, self.map_index = task_id, map_index


def find_dag(connection: Connection, dag_id: str) -> DagRecord:
    """Return one DAG.

    Raises:
        NotFoundError: there is none of that name.
    """
    try:
        return load_dag(connection, dag_id)
    except UnknownDagError as error:
        page = list_dags(connection, DagFilter(), Paging(limit=_KNOWN_LIMIT))
        raise NotFoundError("DAG", dag_id, [dag.dag_id for dag in page.items]) from error


def find_spec(connection: Connection, dag_id: str) -> DagSpec:
    """Return the version of a DAG that is in force.

    Raises:
        NotFoundError: there is no DAG of that name.
    """
    find_dag(connection, dag_id)
    stored = load_newest_spec(connection, dag_id)
    if stored is None:
        raise NotFoundError("version of the DAG", dag_id)
    return stored.spec


def find_task(spec: DagSpec, task_id: str) -> TaskSpec:
    """Return one task of a DAG.

    Raises:
        NotFoundError: there is none of that name.
    """
    for task in spec.tasks:
        if task.task_id == task_id:
            return task
    raise NotFoundError(
        f"task in DAG {spec.dag_id!r} of name", task_id, [task.task_id for task in spec.tasks]
    )


def find_run(connection: Connection, dag_id: str, name: str | None) -> DagRunRecord:
    """Return a run by its run_id or its logical date; for None the newest one.

    Raises:
        NotFoundError: there is no such run.
    """
    newest_first = Paging(limit=_KNOWN_RUNS, order_by=("-run_after",))
    recent = list_runs(connection, RunFilter(dag_ids=[dag_id]), newest_first).items
    if name is None:
        if not recent:
            raise NoRunError(dag_id)
        return recent[0]
    try:
        return load_run(connection, RunKey(dag_id, name))
    except UnknownRunError as error:
        date = _as_date(name)
        if not recent:
            raise NoRunError(dag_id) from error
        of_date = RunFilter(dag_ids=[dag_id], logical_dates=[date] if date else [])
        found = list_runs(connection, of_date, Paging(limit=1)).items
        if not found:
            raise NotFoundError(
                f"run of DAG {dag_id!r} named", name, [run.run_id for run in recent]
            ) from error
        return found[0]


def _as_date(text: str) -> datetime | None:
    try:
        return parse_moment(text)
    except ValueError:
        return None


def find_instance(
    connection: Connection, run: DagRunRecord, task_id: str, map_index: int
) -> TaskInstanceRecord:
    """Return one task instance of a run.

    Raises:
        NotFoundError: the run has no such task, or the task no such map index.
    """
    found = {item.key: item for item in load_task_instances_of_run(connection, run.key)}
    key = TaskKey(run.dag_id, run.run_id, task_id, map_index)
    if key in found:
        return found[key]
    indexes = sorted(known.map_index for known in found if known.task_id == task_id)
    if indexes:
        raise NoInstanceError(task_id, map_index, indexes)
    raise NotFoundError(f"task in run {run.run_id!r} named", task_id, [known.task_id for known in found])

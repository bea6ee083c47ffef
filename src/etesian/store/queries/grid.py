"""What a DAG's page shows: its tasks, its newest runs, and the state of each task in each run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, func, select

from etesian.lifecycle.state import TaskState
from etesian.store.tables import dag_runs_table, dags_table, task_instances_table

#: Of a mapped task's instances, the first of these states that one has stands for all.
_TELLING_FIRST: Final = (
    TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.UP_FOR_RETRY, TaskState.RUNNING,
    TaskState.RESTARTING, TaskState.QUEUED, TaskState.SCHEDULED, TaskState.AWAITING_INPUT,
    TaskState.DEFERRED, TaskState.UP_FOR_RESCHEDULE, TaskState.NONE, TaskState.SUCCESS,
    TaskState.SKIPPED, TaskState.REMOVED,
)  # fmt: skip
_RANK: Final = {state: rank for rank, state in enumerate(_TELLING_FIRST)}


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """The states of the tasks of some runs."""

    run_ids: Sequence[str]  #: the oldest first
    states: dict[str, dict[str, TaskState]]  #: by run_id and task_id; of a mapped task the most telling one


def load_grid(connection: Connection, dag_id: str, *, runs: int) -> Grid:
    """Return the newest ``runs`` runs of a DAG; none for a DAG that is not known."""
    columns = dag_runs_table.c
    newest = connection.execute(
        select(columns.id, columns.run_id)
        .join(dags_table, dags_table.c.id == columns.dag_pk)
        .where(dags_table.c.dag_id == dag_id)
        .order_by(columns.run_after.desc(), columns.id.desc())
        .limit(runs)
    ).all()
    run_ids = {row.id: row.run_id for row in reversed(newest)}
    states: dict[str, dict[str, TaskState]] = {run_id: {} for run_id in run_ids.values()}
    instances = task_instances_table.c
    rows = connection.execute(
        select(instances.run_pk, instances.task_id, instances.state, func.count())
        .where(instances.run_pk.in_(run_ids))
        .group_by(instances.run_pk, instances.task_id, instances.state)
    )
    for run_pk, task_id, state, _count in rows:
        of_run = states[run_ids[run_pk]]
        known = of_run.get(task_id)
        if known is None or _RANK[state] < _RANK[known]:
            of_run[task_id] = state
    return Grid(run_ids=list(run_ids.values()), states=states)

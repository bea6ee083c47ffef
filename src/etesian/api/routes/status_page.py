"""What the status page asks: DAGs with their newest runs, and one DAG's runs and tasks as a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Query, Response
from sqlalchemy import Connection

from etesian.api.answer import answer, gives
from etesian.api.context import Context
from etesian.api.errors import NotFoundError
from etesian.lifecycle.records import DagRunRecord
from etesian.spec.dag import DagSpec
from etesian.store.queries.grid import Grid, load_grid
from etesian.store.queries.overview import DagSummary, Overview, load_overview, load_summary
from etesian.store.queries.page import Paging
from etesian.store.queries.runs import RunFilter, list_runs
from etesian.store.queries.versions import load_newest_spec

router = APIRouter(tags=["Etesian"])

#: Rows and cells that one grid may have. A larger DAG shows its first tasks, or fewer runs.
MAX_TASKS: Final = 500
MAX_CELLS: Final = 10_000
MAX_RUNS: Final = 40


class GridTask(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the grid."""

    task_id: str
    label: str
    operator: str
    group: str | None
    depth: int  #: how many groups are around it
    is_mapped: bool


class GridRun(msgspec.Struct, frozen=True, kw_only=True):
    """One column of the grid; ``states`` are in the order of the tasks; null: the run has no such task."""

    run_id: str
    run_type: str
    state: str
    run_after: datetime
    logical_date: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    conf: dict[str, object]
    note: str | None
    reason: str | None
    states: Sequence[str | None]


class GridResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A DAG's newest runs and the states of its tasks in them."""

    dag: DagSummary
    tasks: Sequence[GridTask]
    hidden_tasks: int  #: how many more the DAG has
    runs: Sequence[GridRun]  #: the oldest first


@router.get("/overview", **gives(Overview))
def get_overview(
    context: Context,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
    search: Annotated[str, Query(max_length=250)] = "",
    state: Literal["all", "active", "paused", "running", "failed"] = "all",
    runs: Annotated[int, Query(ge=1, le=50)] = 14,
) -> Response:
    """List DAGs with their newest runs."""
    with context.store.read() as connection:
        found = load_overview(
            connection, kind=state, search=search.strip(), limit=limit, offset=offset, runs=runs
        )
    return answer(found)


@router.get("/dags/{dag_id}/grid", **gives(GridResponse))
def get_grid(context: Context, dag_id: str, runs: Annotated[int, Query(ge=1, le=MAX_RUNS)] = 25) -> Response:
    """Return a DAG's newest runs and the states of its tasks in them."""
    with context.store.read() as connection:
        dag = load_summary(connection, dag_id)
        stored = load_newest_spec(connection, dag_id)
        if dag is None or stored is None:
            raise NotFoundError(f"DAG {dag_id!r}")
        tasks = _tasks(stored.spec)[:MAX_TASKS]
        shown = max(1, min(runs, MAX_CELLS // max(1, len(stored.spec.tasks))))
        grid = load_grid(connection, dag_id, runs=shown)
        records = _load_runs(connection, dag_id, grid)
    return answer(
        GridResponse(
            dag=dag,
            tasks=tasks,
            hidden_tasks=len(stored.spec.tasks) - len(tasks),
            runs=[_run(records[run_id], tasks, grid.states[run_id]) for run_id in grid.run_ids],
        )
    )


def _load_runs(connection: Connection, dag_id: str, grid: Grid) -> dict[str, DagRunRecord]:
    wanted = RunFilter(dag_ids=[dag_id], run_ids=grid.run_ids)
    page = list_runs(connection, wanted, Paging(limit=MAX_RUNS))
    return {run.run_id: run for run in page.items}


def _tasks(spec: DagSpec) -> list[GridTask]:
    parents = {group.group_id: group.parent for group in spec.groups}

    def depth(group: str | None) -> int:
        return 0 if group is None else 1 + depth(parents.get(group))

    return [
        GridTask(
            task_id=task.task_id,
            label=task.label,
            operator=task.operator,
            group=task.group,
            depth=depth(task.group),
            is_mapped=task.mapped is not None,
        )
        for task in spec.tasks
    ]


def _run(run: DagRunRecord, tasks: Sequence[GridTask], states: Mapping[str, str]) -> GridRun:
    return GridRun(
        run_id=run.run_id,
        run_type=run.run_type,
        state=run.state,
        run_after=run.run_after,
        logical_date=run.logical_date,
        started_at=run.started_at,
        ended_at=run.ended_at,
        conf=run.conf,
        note=run.note,
        reason=run.reason,
        states=[states.get(task.task_id) for task in tasks],
    )

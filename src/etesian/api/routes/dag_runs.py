"""DAG runs: list, look, trigger, mark, delete. ``~`` in place of a dag_id means all DAGs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import Connection

from etesian.api.answer import answer, gives, takes
from etesian.api.body import body_of
from etesian.api.context import ACCEPTED, Context
from etesian.api.errors import ApiError
from etesian.api.moments import Moment
from etesian.api.paging import PagingQuery, renamed
from etesian.api.shapes.dag_run import (
    DagRunCollectionResponse,
    DagRunResponse,
    PatchDagRunBody,
    TriggerDagRunBody,
    dag_run_response,
)
from etesian.lifecycle.records import DagRunRecord, RunKey
from etesian.lifecycle.state import RunState, RunType
from etesian.protocol.commands import Command, DeleteRun, MarkRun, SetNote
from etesian.store.queries.dags import load_dag
from etesian.store.queries.patterns import Between
from etesian.store.queries.runs import RunFilter, list_runs, load_run
from etesian.store.queries.versions import find_versions
from etesian.store.run_requests import RunRequest, request_run

router = APIRouter(tags=["DagRun"])

#: In place of a dag_id or run_id in a path: all of them.
ALL = "~"
_ORDER_NAMES = {
    "dag_run_id": "run_id",
    "start_date": "started_at",
    "end_date": "ended_at",
}


@router.get("/dags/{dag_id}/dagRuns", **gives(DagRunCollectionResponse))
def list_dag_runs(
    context: Context,
    paging: PagingQuery,
    dag_id: str,
    state: Annotated[list[RunState] | None, Query()] = None,
    run_type: Annotated[list[RunType] | None, Query()] = None,
    run_id_pattern: Annotated[str | None, Query(max_length=250)] = None,
    logical_date_gte: Moment | None = None,
    logical_date_lte: Moment | None = None,
    run_after_gte: Moment | None = None,
    run_after_lte: Moment | None = None,
    start_date_gte: Moment | None = None,
    start_date_lte: Moment | None = None,
    end_date_gte: Moment | None = None,
    end_date_lte: Moment | None = None,
) -> Response:
    """List the runs of a DAG, or with ``~`` of all DAGs."""
    wanted = RunFilter(
        dag_ids=None if dag_id == ALL else [dag_id],
        run_id_pattern=run_id_pattern,
        states=state,
        run_types=run_type,
        logical_date=Between(since=logical_date_gte, until=logical_date_lte),
        run_after=Between(since=run_after_gte, until=run_after_lte),
        started_at=Between(since=start_date_gte, until=start_date_lte),
        ended_at=Between(since=end_date_gte, until=end_date_lte),
    )
    with context.store.read() as connection:
        if dag_id != ALL:
            load_dag(connection, dag_id)
        page = list_runs(connection, wanted, renamed(paging, _ORDER_NAMES))
        runs = _responses(connection, page.items)
    return answer(DagRunCollectionResponse(dag_runs=runs, total_entries=page.total))


@router.post("/dags/{dag_id}/dagRuns", **gives(DagRunResponse), openapi_extra=takes(TriggerDagRunBody))
def trigger_dag_run(
    context: Context,
    dag_id: str,
    body: Annotated[TriggerDagRunBody, Depends(body_of(TriggerDagRunBody))],
) -> Response:
    """Run a DAG. The run waits in ``queued`` while the DAG is paused."""
    request = RunRequest(
        dag_id=dag_id,
        run_id=body.dag_run_id,
        logical_date=body.logical_date,
        run_after=body.run_after,
        data_interval=_interval(body),
        conf=body.conf or {},
        note=body.note,
        partition_key=body.partition_key,
        triggered_by="rest_api",
    )
    with context.store.write() as connection:
        run = request_run(connection, request, now=context.clock.now())
        context.note(connection, "trigger_dag_run", dag_id=dag_id, run_id=run.run_id)
        (response,) = _responses(connection, [run])
    context.ring()
    return answer(response)


@router.get("/dags/{dag_id}/dagRuns/{run_id}", **gives(DagRunResponse))
def get_dag_run(context: Context, dag_id: str, run_id: str) -> Response:
    """Return one run."""
    with context.store.read() as connection:
        (response,) = _responses(connection, [load_run(connection, RunKey(dag_id, run_id))])
    return answer(response)


@router.patch(
    "/dags/{dag_id}/dagRuns/{run_id}", **gives(DagRunResponse), openapi_extra=takes(PatchDagRunBody)
)
def patch_dag_run(
    context: Context,
    dag_id: str,
    run_id: str,
    body: Annotated[PatchDagRunBody, Depends(body_of(PatchDagRunBody))],
) -> Response:
    """Declare a run's state, or attach a note. 202: the scheduler will do it later."""
    commands: list[Command] = []
    if body.state is not None:
        commands.append(MarkRun(dag_id=dag_id, run_id=run_id, state=body.state))
    if not isinstance(body.note, msgspec.UnsetType):
        commands.append(SetNote(dag_id=dag_id, run_id=run_id, note=body.note))
    if not commands:
        raise ApiError(400, "nothing to change: give `state` or `note`")
    key = RunKey(dag_id, run_id)
    with context.store.read() as connection:
        load_run(connection, key)
    is_done = context.steer(*commands)
    with context.store.read() as connection:
        (response,) = _responses(connection, [load_run(connection, key)])
    return answer(response, status=200 if is_done else ACCEPTED)


@router.delete("/dags/{dag_id}/dagRuns/{run_id}", status_code=204)
def delete_dag_run(context: Context, dag_id: str, run_id: str) -> Response:
    """Stop and forget a run with all that belongs to it. 202: the scheduler will do it later."""
    key = RunKey(dag_id, run_id)
    with context.store.read() as connection:
        load_run(connection, key)
    is_done = context.steer(DeleteRun(dag_id=dag_id, run_id=run_id))
    return Response(status_code=204 if is_done else ACCEPTED)


def _responses(connection: Connection, runs: Sequence[DagRunRecord]) -> list[DagRunResponse]:
    versions = find_versions(connection, ((run.dag_id, run.version_hash) for run in runs))
    return [dag_run_response(run, versions.get((run.dag_id, run.version_hash))) for run in runs]


def _interval(body: TriggerDagRunBody) -> tuple[datetime, datetime] | None:
    start, end = body.data_interval_start, body.data_interval_end
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise ApiError(422, "give both data_interval_start and data_interval_end, or neither")
    if end < start:
        raise ApiError(422, "data_interval_end must not be before data_interval_start")
    return start, end

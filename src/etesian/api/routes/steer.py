"""Clearing task instances, so that they run again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response
from sqlalchemy import Connection

from etesian.api.answer import answer, gives, takes
from etesian.api.body import body_of
from etesian.api.context import ACCEPTED, Context
from etesian.api.errors import ApiError, NotFoundError
from etesian.api.routes.dags import load_spec
from etesian.api.routes.task_instances import runs_of
from etesian.api.shapes.task_instance import (
    ClearTaskInstancesBody,
    TaskInstanceCollectionResponse,
    task_instance_response,
)
from etesian.lifecycle.records import RunKey, TaskInstanceRecord
from etesian.lifecycle.state import OCCUPYING_STATES
from etesian.protocol.commands import ClearTasks, TaskSelection
from etesian.spec.dag import DagSpec
from etesian.store.queries.page import Paging
from etesian.store.queries.patterns import Between
from etesian.store.queries.runs import RunFilter, list_runs, load_run
from etesian.store.selection import list_selected

router = APIRouter(tags=["Task Instance"])

#: A clear names this many runs at most; the rest is for another request.
MAX_RUNS: Final = 1000
#: This many of the cleared task instances are named in the answer.
MAX_NAMED: Final = 1000


@router.post(
    "/dags/{dag_id}/clearTaskInstances",
    **gives(TaskInstanceCollectionResponse),
    openapi_extra=takes(ClearTaskInstancesBody),
)
def clear_task_instances(
    context: Context,
    dag_id: str,
    body: Annotated[ClearTaskInstancesBody, Depends(body_of(ClearTaskInstancesBody))],
) -> Response:
    """Clear task instances; with ``dry_run`` just name those that would be. 202: the scheduler will do it."""
    with context.store.read() as connection:
        spec = load_spec(connection, dag_id)
        selection = _select(connection, spec, body)
        affected = list_selected(connection, spec, selection, Paging(limit=MAX_NAMED))
        if body.prevent_running_task:
            _check_none_is_running(affected.items)
        runs = runs_of(connection, affected.items)
    found = [task_instance_response(item, runs[item.key.run_key]) for item in affected.items]
    is_done = body.dry_run or context.steer(
        ClearTasks(selection=selection, newest_version=body.run_on_latest_version, note=body.note)
    )
    named = TaskInstanceCollectionResponse(task_instances=found, total_entries=affected.total)
    return answer(named, status=200 if is_done else ACCEPTED)


def _select(connection: Connection, spec: DagSpec, body: ClearTaskInstancesBody) -> TaskSelection:
    names = [item if isinstance(item, str) else item[0] for item in body.task_ids or ()]
    known = {task.task_id for task in spec.tasks}
    for name in names:
        if name not in known:
            raise NotFoundError(f"task {name!r} of DAG {spec.dag_id!r}")
    indexes = [item[1] for item in body.task_ids or () if not isinstance(item, str)]
    if indexes and len(indexes) != len(names):
        raise ApiError(400, "give a map index with every task_id, or with none")
    return TaskSelection(
        dag_id=spec.dag_id,
        run_ids=_select_runs(connection, spec.dag_id, body),
        task_ids=tuple(names),
        map_indexes=tuple(indexes),
        upstream=body.include_upstream,
        downstream=body.include_downstream,
        past=body.include_past,
        future=body.include_future,
        only_failed=body.only_failed,
        only_running=body.only_running,
    )


def _select_runs(connection: Connection, dag_id: str, body: ClearTaskInstancesBody) -> tuple[str, ...]:
    if body.dag_run_id is not None:
        load_run(connection, RunKey(dag_id, body.dag_run_id))
        return (body.dag_run_id,)
    span = Between(since=body.start_date, until=body.end_date)
    page = list_runs(
        connection,
        RunFilter(dag_ids=[dag_id], run_after=span),
        Paging(limit=MAX_RUNS, order_by=("-run_after",)),
    )
    if page.total > MAX_RUNS:
        raise ApiError(
            400, f"{page.total} runs would be cleared; give dates so that it is {MAX_RUNS} at most"
        )
    if not page.items:
        raise NotFoundError(f"a run of DAG {dag_id!r} in that time")
    return tuple(run.run_id for run in page.items)


def _check_none_is_running(affected: Sequence[TaskInstanceRecord]) -> None:
    for item in affected:
        if item.state in OCCUPYING_STATES:
            raise ApiError(409, f"task {str(item.key)!r} is {item.state}; nothing was cleared")

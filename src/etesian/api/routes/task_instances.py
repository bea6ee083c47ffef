"""Task instances and their tries. ``~`` in place of a dag_id or run_id means all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from sqlalchemy import Connection

from etesian.api.answer import answer, gives
from etesian.api.context import Context
from etesian.api.errors import ApiError, NotFoundError
from etesian.api.paging import PagingQuery, renamed
from etesian.api.routes.dag_runs import ALL
from etesian.api.shapes.task_instance import (
    TaskInstanceCollectionResponse,
    TaskInstanceResponse,
    TryCollectionResponse,
    task_instance_response,
    try_response,
)
from etesian.lifecycle.records import AttemptRecord, DagRunRecord, RunKey, TaskInstanceRecord, TaskKey
from etesian.lifecycle.state import TaskState
from etesian.store.queries.attempts import load_attempts
from etesian.store.queries.page import Paging
from etesian.store.queries.rendered_fields import find_rendered_fields
from etesian.store.queries.runs import RunFilter, list_runs, load_run
from etesian.store.queries.task_instances import (
    TaskInstanceFilter,
    list_task_instances,
    load_task_instance,
)
from etesian.store.queries.versions import find_versions

router = APIRouter(tags=["Task Instance"])

_OF_RUN: Final = "/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
_ORDER_NAMES: Final = {
    "start_date": "started_at",
    "end_date": "ended_at",
    "queued_when": "queued_at",
    "scheduled_when": "scheduled_at",
    "dag_run_id": "run_id",
}


@router.get(_OF_RUN, **gives(TaskInstanceCollectionResponse))
def list_task_instances_route(
    context: Context,
    paging: PagingQuery,
    dag_id: str,
    run_id: str,
    task_id: Annotated[list[str] | None, Query(max_length=1000)] = None,
    task_id_pattern: Annotated[str | None, Query(max_length=250)] = None,
    state: Annotated[list[str] | None, Query(max_length=20)] = None,
    pool: Annotated[list[str] | None, Query(max_length=100)] = None,
    queue: Annotated[list[str] | None, Query(max_length=100)] = None,
    operator: Annotated[list[str] | None, Query(max_length=100)] = None,
    map_index: Annotated[list[int] | None, Query(max_length=1000)] = None,
) -> Response:
    """List the task instances of a run."""
    wanted = TaskInstanceFilter(
        dag_ids=None if dag_id == ALL else [dag_id],
        run_ids=None if run_id == ALL else [run_id],
        task_ids=task_id,
        task_id_pattern=task_id_pattern,
        states=None if state is None else [_state(name) for name in state],
        pools=pool,
        queues=queue,
        operators=operator,
        map_indexes=map_index,
    )
    with context.store.read() as connection:
        if ALL not in (dag_id, run_id):
            load_run(connection, RunKey(dag_id, run_id))
        page = list_task_instances(connection, wanted, renamed(paging, _ORDER_NAMES))
        found = responses_of(connection, page.items)
    return answer(TaskInstanceCollectionResponse(task_instances=found, total_entries=page.total))


@router.get(f"{_OF_RUN}/{{task_id}}", **gives(TaskInstanceResponse))
def get_task_instance(context: Context, dag_id: str, run_id: str, task_id: str) -> Response:
    """Return one task instance that is not mapped."""
    return _answer_one(context, TaskKey(dag_id, run_id, task_id))


@router.get(f"{_OF_RUN}/{{task_id}}/listMapped", **gives(TaskInstanceCollectionResponse))
def list_mapped(context: Context, paging: PagingQuery, dag_id: str, run_id: str, task_id: str) -> Response:
    """List the instances of a mapped task."""
    wanted = TaskInstanceFilter(dag_ids=[dag_id], run_ids=[run_id], task_ids=[task_id])
    with context.store.read() as connection:
        load_run(connection, RunKey(dag_id, run_id))
        page = list_task_instances(connection, wanted, renamed(paging, _ORDER_NAMES))
        found = responses_of(connection, [item for item in page.items if item.map_index >= 0])
    if not page.total:
        raise NotFoundError(f"task {task_id!r} in run {run_id!r} of DAG {dag_id!r}")
    return answer(TaskInstanceCollectionResponse(task_instances=found, total_entries=page.total))


@router.get(f"{_OF_RUN}/{{task_id}}/tries", **gives(TryCollectionResponse))
def list_tries(context: Context, dag_id: str, run_id: str, task_id: str) -> Response:
    """List the tries of a task instance that is not mapped, the one under way included."""
    return _answer_tries(context, TaskKey(dag_id, run_id, task_id))


@router.get(f"{_OF_RUN}/{{task_id}}/{{map_index}}", **gives(TaskInstanceResponse))
def get_mapped_task_instance(
    context: Context, dag_id: str, run_id: str, task_id: str, map_index: int
) -> Response:
    """Return one task instance; ``map_index`` is -1 for a task that is not mapped."""
    return _answer_one(context, TaskKey(dag_id, run_id, task_id, map_index))


@router.get(f"{_OF_RUN}/{{task_id}}/{{map_index}}/tries", **gives(TryCollectionResponse))
def list_mapped_tries(context: Context, dag_id: str, run_id: str, task_id: str, map_index: int) -> Response:
    """List the tries of a task instance, the one under way included."""
    return _answer_tries(context, TaskKey(dag_id, run_id, task_id, map_index))


def runs_of(connection: Connection, instances: Sequence[TaskInstanceRecord]) -> dict[RunKey, DagRunRecord]:
    """Return the runs that these task instances belong to."""
    keys = {instance.key.run_key for instance in instances}
    wanted = RunFilter(dag_ids=[key.dag_id for key in keys], run_ids=[key.run_id for key in keys])
    page = list_runs(connection, wanted, Paging(limit=len(keys) ** 2))
    return {run.key: run for run in page.items}


def responses_of(
    connection: Connection, instances: Sequence[TaskInstanceRecord]
) -> list[TaskInstanceResponse]:
    """Return the answers for task instances, in the same order."""
    runs = runs_of(connection, instances)
    fields = find_rendered_fields(connection, [instance.key for instance in instances])
    versions = find_versions(connection, ((run.dag_id, run.version_hash) for run in runs.values()))
    found = []
    for instance in instances:
        run = runs[instance.key.run_key]
        version = versions.get((run.dag_id, run.version_hash))
        found.append(
            task_instance_response(instance, run, rendered_fields=fields.get(instance.key), version=version)
        )
    return found


def _answer_one(context: Context, key: TaskKey) -> Response:
    with context.store.read() as connection:
        load_run(connection, key.run_key)
        (response,) = responses_of(connection, [load_task_instance(connection, key)])
    return answer(response)


def _answer_tries(context: Context, key: TaskKey) -> Response:
    with context.store.read() as connection:
        instance = load_task_instance(connection, key)
        ended = load_attempts(connection, key)
    found = [try_response(attempt, instance) for attempt in ended]
    if instance.attempt_id is not None:
        found.append(try_response(_open_attempt(instance), instance))
    return answer(TryCollectionResponse(task_instances=found, total_entries=len(found)))


def _open_attempt(instance: TaskInstanceRecord) -> AttemptRecord:
    return AttemptRecord(
        attempt_id=instance.attempt_id or "",
        dag_id=instance.dag_id,
        run_id=instance.run_id,
        task_id=instance.task_id,
        map_index=instance.map_index,
        try_number=instance.try_number,
        state=instance.state,
        queued_at=instance.queued_at,
        started_at=instance.started_at,
        hostname=instance.hostname,
        pid=instance.pid,
        executor=instance.executor,
    )


def _state(name: str) -> TaskState:
    if name in ("null", "no_status"):
        return TaskState.NONE
    try:
        return TaskState(name)
    except ValueError:
        raise ApiError(422, f"there is no task state {name!r}; there are: {', '.join(TaskState)}") from None

"""DAGs: list, look, pause, delete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import Connection

from etesian.api.answer import answer, gives, takes
from etesian.api.body import body_of
from etesian.api.context import ACCEPTED, Context
from etesian.api.errors import NotFoundError
from etesian.api.paging import PagingQuery, renamed
from etesian.api.shapes.dag import (
    DagCollectionResponse,
    DagDetailsResponse,
    DagResponse,
    PatchDagBody,
    TaskCollectionResponse,
    TaskResponse,
    dag_details_response,
    dag_response,
    task_responses,
)
from etesian.protocol.commands import DeleteDag
from etesian.spec.dag import DagSpec
from etesian.store.queries.dags import DagFilter, DagRecord, list_dags, load_dag, set_paused
from etesian.store.queries.overview import load_broken_files
from etesian.store.queries.versions import load_newest_spec

router = APIRouter(tags=["DAG"])

_ORDER_NAMES = {
    "next_dagrun": "next_run_after",
    "next_dagrun_run_after": "next_run_after",
    "last_parsed_time": "last_parsed_at",
    "last_parsed": "last_parsed_at",
}


@router.get("/dags", **gives(DagCollectionResponse))
def list_dags_route(
    context: Context,
    paging: PagingQuery,
    tags: Annotated[list[str] | None, Query(max_length=100)] = None,
    tags_match_mode: str = "any",
    owners: Annotated[list[str] | None, Query(max_length=100)] = None,
    dag_id_pattern: Annotated[str | None, Query(max_length=250)] = None,
    dag_display_name_pattern: Annotated[str | None, Query(max_length=250)] = None,
    exclude_stale: bool = True,
    paused: bool | None = None,
    bundle_name: str | None = None,
) -> Response:
    """List DAGs."""
    wanted = DagFilter(
        dag_id_pattern=dag_id_pattern,
        display_name_pattern=dag_display_name_pattern,
        tags=tags or (),
        all_tags=tags_match_mode == "all",
        owners=owners or (),
        is_paused=paused,
        is_active=True if exclude_stale else None,
        bundle=bundle_name,
    )
    with context.store.read() as connection:
        page = list_dags(connection, wanted, renamed(paging, _ORDER_NAMES))
        dags = _responses(context, connection, page.items)
    return answer(DagCollectionResponse(dags=dags, total_entries=page.total))


@router.get("/dags/{dag_id}", **gives(DagResponse))
def get_dag(context: Context, dag_id: str) -> Response:
    """Return one DAG."""
    with context.store.read() as connection:
        (dag,) = _responses(context, connection, [load_dag(connection, dag_id)])
    return answer(dag)


@router.get("/dags/{dag_id}/details", **gives(DagDetailsResponse))
def get_dag_details(context: Context, dag_id: str) -> Response:
    """Return one DAG with what its file says of it."""
    with context.store.read() as connection:
        dag = load_dag(connection, dag_id)
        (summary,) = _responses(context, connection, [dag])
        spec = load_spec(connection, dag_id)
    return answer(dag_details_response(summary, dag, spec))


@router.patch("/dags/{dag_id}", **gives(DagResponse), openapi_extra=takes(PatchDagBody))
def patch_dag(
    context: Context, dag_id: str, body: Annotated[PatchDagBody, Depends(body_of(PatchDagBody))]
) -> Response:
    """Pause or unpause a DAG."""
    with context.store.write() as connection:
        if set_paused(connection, dag_id, body.is_paused, now=context.clock.now()):
            context.note(connection, "pause_dag" if body.is_paused else "unpause_dag", dag_id=dag_id)
        (dag,) = _responses(context, connection, [load_dag(connection, dag_id)])
    context.ring()
    return answer(dag)


@router.delete("/dags/{dag_id}", status_code=204)
def delete_dag(context: Context, dag_id: str) -> Response:
    """Forget a DAG with all its runs. 202: the scheduler will do it later."""
    with context.store.read() as connection:
        load_dag(connection, dag_id)
    is_done = context.steer(DeleteDag(dag_id=dag_id))
    return Response(status_code=204 if is_done else ACCEPTED)


@router.get("/dags/{dag_id}/tasks", **gives(TaskCollectionResponse))
def list_tasks(context: Context, dag_id: str) -> Response:
    """List the tasks of a DAG, in topological order."""
    with context.store.read() as connection:
        tasks = task_responses(load_spec(connection, dag_id))
    return answer(TaskCollectionResponse(tasks=tasks, total_entries=len(tasks)))


@router.get("/dags/{dag_id}/tasks/{task_id}", **gives(TaskResponse))
def get_task(context: Context, dag_id: str, task_id: str) -> Response:
    """Return one task of a DAG."""
    with context.store.read() as connection:
        tasks = task_responses(load_spec(connection, dag_id))
    for task in tasks:
        if task.task_id == task_id:
            return answer(task)
    raise NotFoundError(f"task {task_id!r} of DAG {dag_id!r}")


def load_spec(connection: Connection, dag_id: str) -> DagSpec:
    """Return the version of a DAG that is in force.

    Raises:
        NotFoundError: the DAG is not known.
    """
    stored = load_newest_spec(connection, dag_id)
    if stored is None:
        raise NotFoundError(f"DAG {dag_id!r}")
    return stored.spec


def _responses(context: Context, connection: Connection, dags: Sequence[DagRecord]) -> list[DagResponse]:
    broken = load_broken_files(connection, (dag.file for dag in dags))
    return [
        dag_response(dag, context.bundles.get(dag.bundle), has_import_errors=(dag.bundle, dag.file) in broken)
        for dag in dags
    ]

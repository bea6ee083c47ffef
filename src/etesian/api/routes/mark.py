"""Declaring what task instances came to, and attaching notes to them."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Response

from etesian.api.answer import answer, gives, takes
from etesian.api.body import body_of
from etesian.api.context import ACCEPTED, Context
from etesian.api.errors import ApiError
from etesian.api.routes.dags import load_spec
from etesian.api.routes.task_instances import responses_of
from etesian.api.shapes.task_instance import PatchTaskInstanceBody, TaskInstanceCollectionResponse
from etesian.lifecycle.records import TaskKey
from etesian.protocol.commands import Command, MarkTasks, SetNote, TaskSelection
from etesian.store.queries.page import Paging
from etesian.store.queries.task_instances import UnknownTaskInstanceError
from etesian.store.selection import list_selected

router = APIRouter(tags=["Task Instance"])

#: This many of the marked task instances are named in the answer.
MAX_NAMED: Final = 1000
_OF_TASK: Final = "/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"
_Body = Annotated[PatchTaskInstanceBody, Depends(body_of(PatchTaskInstanceBody))]


@router.patch(_OF_TASK, **gives(TaskInstanceCollectionResponse), openapi_extra=takes(PatchTaskInstanceBody))
def patch_task(context: Context, dag_id: str, run_id: str, task_id: str, body: _Body) -> Response:
    """Declare the state of a task, of all its instances if it is mapped. 202: the scheduler will do it later."""
    return _patch(context, TaskKey(dag_id, run_id, task_id), (), body, dry_run=False)


@router.patch(
    f"{_OF_TASK}/dry_run", **gives(TaskInstanceCollectionResponse), openapi_extra=takes(PatchTaskInstanceBody)
)
def rehearse_task(context: Context, dag_id: str, run_id: str, task_id: str, body: _Body) -> Response:
    """Name the task instances that would be marked."""
    return _patch(context, TaskKey(dag_id, run_id, task_id), (), body, dry_run=True)


@router.patch(
    f"{_OF_TASK}/{{map_index}}",
    **gives(TaskInstanceCollectionResponse),
    openapi_extra=takes(PatchTaskInstanceBody),
)
def patch_mapped(
    context: Context, dag_id: str, run_id: str, task_id: str, map_index: int, body: _Body
) -> Response:
    """Declare the state of one instance of a mapped task. 202: the scheduler will do it later."""
    key = TaskKey(dag_id, run_id, task_id, map_index)
    return _patch(context, key, (map_index,), body, dry_run=False)


@router.patch(
    f"{_OF_TASK}/{{map_index}}/dry_run",
    **gives(TaskInstanceCollectionResponse),
    openapi_extra=takes(PatchTaskInstanceBody),
)
def rehearse_mapped(
    context: Context, dag_id: str, run_id: str, task_id: str, map_index: int, body: _Body
) -> Response:
    """Name the task instances that would be marked."""
    key = TaskKey(dag_id, run_id, task_id, map_index)
    return _patch(context, key, (map_index,), body, dry_run=True)


def _patch(
    context: Context,
    key: TaskKey,
    map_indexes: tuple[int, ...],
    body: PatchTaskInstanceBody,
    *,
    dry_run: bool,
) -> Response:
    commands = list(_commands(key, map_indexes, body))
    if not commands:
        raise ApiError(400, "nothing to change: give `new_state` or `note`")
    selection = _selection(key, map_indexes, body)
    with context.store.read() as connection:
        spec = load_spec(connection, key.dag_id)
        named = list_selected(connection, spec, selection, Paging(limit=MAX_NAMED))
        if not named.total:
            raise UnknownTaskInstanceError(key)
    is_done = dry_run or context.steer(*commands)
    with context.store.read() as connection:
        marked = list_selected(connection, spec, selection, Paging(limit=MAX_NAMED))
        found = responses_of(connection, marked.items)
    shown = TaskInstanceCollectionResponse(task_instances=found, total_entries=marked.total)
    return answer(shown, status=200 if is_done else ACCEPTED)


def _commands(key: TaskKey, map_indexes: tuple[int, ...], body: PatchTaskInstanceBody) -> list[Command]:
    note = None if isinstance(body.note, msgspec.UnsetType) else body.note
    if body.new_state is not None:
        return [MarkTasks(selection=_selection(key, map_indexes, body), state=body.new_state, note=note)]
    if isinstance(body.note, msgspec.UnsetType):
        return []
    return [
        SetNote(dag_id=key.dag_id, run_id=key.run_id, task_id=key.task_id, map_index=key.map_index, note=note)
    ]


def _selection(key: TaskKey, map_indexes: tuple[int, ...], body: PatchTaskInstanceBody) -> TaskSelection:
    return TaskSelection(
        dag_id=key.dag_id,
        run_ids=(key.run_id,),
        task_ids=(key.task_id,),
        map_indexes=map_indexes,
        upstream=body.include_upstream,
        downstream=body.include_downstream,
        past=body.include_past,
        future=body.include_future,
    )

"""Pools."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Response

from etesian.api.answer import answer, gives, takes
from etesian.api.body import body_of
from etesian.api.context import Context
from etesian.api.errors import ApiError
from etesian.api.paging import PagingQuery
from etesian.api.shapes.keep import PatchPoolBody, PoolBody, PoolCollectionResponse, PoolResponse
from etesian.lifecycle.state import TaskState
from etesian.store.queries.pools import (
    PoolRecord,
    delete_pool,
    load_pool,
    load_pools,
    save_pool,
)
from etesian.store.queries.task_instances import count_used_slots

router = APIRouter(tags=["Pool"])


@router.get("/pools", **gives(PoolCollectionResponse))
def list_pools(context: Context, paging: PagingQuery) -> Response:
    """List pools, by name."""
    with context.store.read() as connection:
        pools = load_pools(connection)
        used = count_used_slots(connection)
    shown = pools[paging.offset : paging.offset + paging.limit]
    found = [_response(pool, used.get(pool.name, {})) for pool in shown]
    return answer(PoolCollectionResponse(pools=found, total_entries=len(pools)))


@router.get("/pools/{name}", **gives(PoolResponse))
def get_pool(context: Context, name: str) -> Response:
    """Return one pool."""
    with context.store.read() as connection:
        pool = load_pool(connection, name)
        used = count_used_slots(connection)
    return answer(_response(pool, used.get(name, {})))


@router.post("/pools", **gives(PoolResponse, status=201), openapi_extra=takes(PoolBody))
def create_pool(context: Context, body: Annotated[PoolBody, Depends(body_of(PoolBody))]) -> Response:
    """Make a pool."""
    pool = PoolRecord(
        name=body.name,
        slots=body.slots,
        description=body.description,
        includes_deferred=body.include_deferred,
    )
    with context.store.write() as connection:
        if not save_pool(connection, pool):
            raise ApiError(409, f"pool {body.name!r} exists already")
        context.note(connection, "create_pool", name=pool.name, slots=pool.slots)
    context.ring()
    return answer(_response(pool, {}), status=201)


@router.patch("/pools/{name}", **gives(PoolResponse), openapi_extra=takes(PatchPoolBody))
def patch_pool(
    context: Context, name: str, body: Annotated[PatchPoolBody, Depends(body_of(PatchPoolBody))]
) -> Response:
    """Change a pool's slots, description, or whether deferred tasks count."""
    if body.name not in (None, name):
        raise ApiError(400, "a pool cannot be renamed: tasks name it")
    with context.store.write() as connection:
        old = load_pool(connection, name)
        changes = {
            "slots": body.slots,
            "description": body.description,
            "includes_deferred": body.include_deferred,
        }
        pool = msgspec.structs.replace(old, **{key: new for key, new in changes.items() if new is not None})
        save_pool(connection, pool)
        context.note(connection, "change_pool", name=name, slots=pool.slots)
        used = count_used_slots(connection)
    context.ring()
    return answer(_response(pool, used.get(name, {})))


@router.delete("/pools/{name}", status_code=204)
def delete_pool_route(context: Context, name: str) -> Response:
    """Delete a pool."""
    with context.store.write() as connection:
        delete_pool(connection, name)
        context.note(connection, "delete_pool", name=name)
    context.ring()
    return Response(status_code=204)


def _response(pool: PoolRecord, used: dict[TaskState, int]) -> PoolResponse:
    running = used.get(TaskState.RUNNING, 0) + used.get(TaskState.RESTARTING, 0)
    queued = used.get(TaskState.QUEUED, 0)
    deferred = used.get(TaskState.DEFERRED, 0)
    occupied = running + queued + (deferred if pool.includes_deferred else 0)
    return PoolResponse(
        name=pool.name,
        slots=pool.slots,
        description=pool.description,
        include_deferred=pool.includes_deferred,
        occupied_slots=occupied,
        running_slots=running,
        queued_slots=queued,
        scheduled_slots=used.get(TaskState.SCHEDULED, 0),
        deferred_slots=deferred,
        open_slots=-1 if pool.slots < 0 else max(0, pool.slots - occupied),
    )

"""Backfills: list, look, create, plan, pause, cancel."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response

from etesian.api.answer import answer, gives, takes
from etesian.api.body import body_of
from etesian.api.context import Context
from etesian.api.paging import PagingQuery
from etesian.api.shapes.backfill import (
    BackfillBody,
    BackfillCollectionResponse,
    BackfillResponse,
    DryRunResponse,
    backfill_response,
    planned_run_response,
)
from etesian.protocol.commands import ChangeBackfill
from etesian.store.backfill_requests import (
    load_progress,
    new_backfill_id,
    plan_backfill,
    request_backfill,
)
from etesian.store.queries.backfills import change_backfill, list_backfills, load_backfill

router = APIRouter(tags=["Backfill"])

#: Dates that the answer to a dry run names.
MAX_NAMED: Final = 1000


@router.get("/backfills", **gives(BackfillCollectionResponse))
def list_all(
    context: Context,
    paging: PagingQuery,
    dag_id: Annotated[str | None, Query(max_length=250)] = None,
    active: bool = False,
) -> Response:
    """List backfills, of all DAGs or of one; with ``active`` only those that are not completed."""
    with context.store.read() as connection:
        page = list_backfills(connection, paging, dag_ids=[dag_id] if dag_id else None, only_open=active)
    found = [backfill_response(item) for item in page.items]
    return answer(BackfillCollectionResponse(backfills=found, total_entries=page.total))


@router.post("/backfills", **gives(BackfillResponse), openapi_extra=takes(BackfillBody))
def create(context: Context, body: Annotated[BackfillBody, Depends(body_of(BackfillBody))]) -> Response:
    """Run a DAG for dates that are past."""
    command = body.to_command(new_backfill_id())
    with context.store.write() as connection:
        backfill = request_backfill(connection, command, now=context.clock.now())
        context.note(connection, "create_backfill", dag_id=command.dag_id, backfill_id=command.backfill_id)
    context.ring()
    return answer(backfill_response(backfill))


@router.post("/backfills/dry_run", **gives(DryRunResponse), openapi_extra=takes(BackfillBody))
def dry_run(context: Context, body: Annotated[BackfillBody, Depends(body_of(BackfillBody))]) -> Response:
    """Say what a backfill would do about each date; nothing is changed."""
    with context.store.read() as connection:
        plan = plan_backfill(connection, body.to_command("dry-run"))
    named = [planned_run_response(planned) for planned in plan[:MAX_NAMED]]
    return answer(DryRunResponse(backfills=named, total_entries=len(plan)))


@router.get("/backfills/{backfill_id}", **gives(BackfillResponse))
def get(context: Context, backfill_id: str) -> Response:
    """Return one backfill, how far it has come and when it is expected to end."""
    with context.store.read() as connection:
        backfill = load_backfill(connection, backfill_id)
        progress = load_progress(connection, backfill, now=context.clock.now())
    return answer(backfill_response(backfill, progress))


@router.put("/backfills/{backfill_id}/pause", **gives(BackfillResponse))
def pause(context: Context, backfill_id: str) -> Response:
    """Start no more of its runs."""
    return _change(context, backfill_id, "pause")


@router.put("/backfills/{backfill_id}/unpause", **gives(BackfillResponse))
def unpause(context: Context, backfill_id: str) -> Response:
    """Go on."""
    return _change(context, backfill_id, "unpause")


@router.put("/backfills/{backfill_id}/cancel", **gives(BackfillResponse))
def cancel(context: Context, backfill_id: str) -> Response:
    """Make no more runs, and fail those that have not started; running ones go on to their end."""
    return _change(context, backfill_id, "cancel")


def _change(context: Context, backfill_id: str, action: str) -> Response:
    now = context.clock.now()
    with context.store.write() as connection:
        change_backfill(connection, ChangeBackfill(backfill_id=backfill_id, action=action), now=now)
        backfill = load_backfill(connection, backfill_id)
        context.note(connection, f"{action}_backfill", dag_id=backfill.dag_id, backfill_id=backfill_id)
    context.ring()
    return answer(backfill_response(backfill))

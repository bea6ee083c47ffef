"""The event log: who changed what, and when."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from etesian.api.answer import answer, gives
from etesian.api.context import Context
from etesian.api.errors import NotFoundError
from etesian.api.moments import Moment
from etesian.api.paging import PagingQuery, renamed
from etesian.api.shapes.event_log import EventLogCollectionResponse, EventLogResponse, event_log_response
from etesian.store.queries.audit import AuditFilter, list_audit_entries, load_audit_entry
from etesian.store.queries.patterns import Between

router = APIRouter(tags=["Event Log"])

_ORDER_NAMES = {"event_log_id": "id", "dttm": "when"}


@router.get("/eventLogs", **gives(EventLogCollectionResponse))
def list_event_logs(
    context: Context,
    paging: PagingQuery,
    dag_id: Annotated[str | None, Query(max_length=250)] = None,
    run_id: Annotated[str | None, Query(max_length=250)] = None,
    task_id: Annotated[str | None, Query(max_length=250)] = None,
    map_index: int | None = None,
    owner: Annotated[str | None, Query(max_length=250)] = None,
    event: Annotated[str | None, Query(max_length=250)] = None,
    included_events: Annotated[list[str] | None, Query(max_length=100)] = None,
    excluded_events: Annotated[list[str] | None, Query(max_length=100)] = None,
    before: Moment | None = None,
    after: Moment | None = None,
) -> Response:
    """List what was changed."""
    wanted = AuditFilter(
        dag_id=dag_id,
        run_id=run_id,
        task_id=task_id,
        map_index=map_index,
        user=owner,
        action=event,
        actions=included_events,
        excluded_actions=excluded_events or (),
        at=Between(since=after, until=before),
    )
    with context.store.read() as connection:
        page = list_audit_entries(connection, wanted, renamed(paging, _ORDER_NAMES))
    entries = [event_log_response(entry) for entry in page.items]
    return answer(EventLogCollectionResponse(event_logs=entries, total_entries=page.total))


@router.get("/eventLogs/{event_log_id}", **gives(EventLogResponse))
def get_event_log(context: Context, event_log_id: int) -> Response:
    """Return one entry."""
    with context.store.read() as connection:
        entry = load_audit_entry(connection, event_log_id)
    if entry is None:
        raise NotFoundError(f"event log {event_log_id}")
    return answer(event_log_response(entry))

"""Answers about what was changed by whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from etesian.store.queries.audit import AuditEntry

#: The owner of what somebody did who did not have to say who they are; the name that Airflow gives them.
ANONYMOUS: Final = "anonymous"


class EventLogResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One change. ``extra`` is a JSON object, as a text."""

    event_log_id: int
    when: datetime
    event: str
    owner: str
    dag_id: str | None
    dag_display_name: str | None
    run_id: str | None
    task_id: str | None
    task_display_name: str | None
    map_index: int | None
    try_number: None
    logical_date: None
    extra: str


class EventLogCollectionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One page of changes."""

    event_logs: Sequence[EventLogResponse]
    total_entries: int


def event_log_response(entry: AuditEntry) -> EventLogResponse:
    """Return the answer for one change."""
    return EventLogResponse(
        event_log_id=entry.id,
        when=entry.at,
        event=entry.action,
        owner=entry.user or ANONYMOUS,
        dag_id=entry.dag_id,
        dag_display_name=entry.dag_id,
        run_id=entry.run_id,
        task_id=entry.task_id,
        task_display_name=entry.task_id,
        map_index=entry.map_index,
        try_number=None,
        logical_date=None,
        extra=msgspec.json.encode(entry.details).decode(),
    )

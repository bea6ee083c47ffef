"""Who did what, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, insert, select

from etesian.store.queries.page import Page, Paging, count_up_to, order_columns
from etesian.store.queries.patterns import Between
from etesian.store.tables import audit_log_table

_entry = audit_log_table.c


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a person or a program did."""

    at: datetime
    action: str
    user: str | None = None
    dag_id: str | None = None
    run_id: str | None = None
    task_id: str | None = None
    map_index: int | None = None
    details: dict[str, object] = {}
    id: int = 0  #: given by the store


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries a list is about; None means any."""

    dag_id: str | None = None
    run_id: str | None = None
    task_id: str | None = None
    map_index: int | None = None
    user: str | None = None
    action: str | None = None
    actions: Sequence[str] | None = None
    excluded_actions: Sequence[str] = ()
    at: Between = Between()


ORDERS: Final = {
    "id": _entry.id,
    "when": _entry.at,
    "event": _entry.action,
    "owner": _entry.user,
    "dag_id": _entry.dag_id,
    "run_id": _entry.run_id,
    "task_id": _entry.task_id,
}


def add_audit_entry(connection: Connection, entry: AuditEntry) -> None:
    """Note what was done, in the transaction that does it."""
    values = msgspec.structs.asdict(entry)
    del values["id"]
    connection.execute(insert(audit_log_table).values(values))


def list_audit_entries(connection: Connection, wanted: AuditFilter, paging: Paging) -> Page[AuditEntry]:
    """Return a page of entries, the oldest first unless ordered otherwise.

    Raises:
        InvalidOrderError: they cannot be ordered like that.
    """
    equal = {
        _entry.dag_id: wanted.dag_id,
        _entry.run_id: wanted.run_id,
        _entry.task_id: wanted.task_id,
        _entry.map_index: wanted.map_index,
        _entry.user: wanted.user,
        _entry.action: wanted.action,
    }
    statement = select(audit_log_table).where(
        *(column == value for column, value in equal.items() if value is not None),
        *wanted.at.conditions(_entry.at),
    )
    if wanted.actions is not None:
        statement = statement.where(_entry.action.in_(wanted.actions))
    if wanted.excluded_actions:
        statement = statement.where(_entry.action.not_in(wanted.excluded_actions))
    order = order_columns(paging.order_by, ORDERS, last=_entry.id)
    rows = connection.execute(statement.order_by(*order).limit(paging.limit).offset(paging.offset))
    return Page([AuditEntry(**row._mapping) for row in rows], count_up_to(connection, statement))


def load_audit_entry(connection: Connection, entry_id: int) -> AuditEntry | None:
    """Return one entry; None when there is none of that number."""
    row = connection.execute(select(audit_log_table).where(_entry.id == entry_id)).one_or_none()
    return None if row is None else AuditEntry(**row._mapping)

"""Backfills: runs for past schedule points, made under their own limit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from etesian.lifecycle.backfills import ExistingRun
from etesian.lifecycle.state import RunState
from etesian.protocol.commands import ChangeBackfill, CreateBackfill
from etesian.store.errors import StoreError, UnknownDagError
from etesian.store.queries import inbox
from etesian.store.queries.page import Page, Paging, count_up_to, order_columns
from etesian.store.tables import backfills_table, dag_runs_table, dags_table

_backfill, _dag, _run = backfills_table.c, dags_table.c, dag_runs_table.c


class BackfillRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One backfill."""

    backfill_id: str
    dag_id: str
    from_date: datetime
    to_date: datetime
    run_backwards: bool
    max_active_runs: int
    reprocess: str  #: none | failed | completed
    conf: dict[str, object]
    newest_version: bool
    is_paused: bool
    created_at: datetime
    completed_at: datetime | None
    triggering_user: str | None

    def to_command(self) -> CreateBackfill:
        """Return what was asked for when it was created."""
        return CreateBackfill(**{name: getattr(self, name) for name in CreateBackfill.__struct_fields__})


class UnknownBackfillError(StoreError):
    """There is no such backfill."""

    def __init__(self, backfill_id: str) -> None:
        super().__init__(f"there is no backfill {backfill_id!r}")
        self.backfill_id = backfill_id


class BackfillOverError(StoreError):
    """The backfill is completed or cancelled, so that nothing of it can be changed."""

    def __init__(self, backfill_id: str) -> None:
        super().__init__(f"backfill {backfill_id!r} is over; create another one")
        self.backfill_id = backfill_id


_BACKFILLS: Final = select(
    _dag.dag_id, *(_backfill[name] for name in BackfillRecord.__struct_fields__ if name != "dag_id")
).join_from(backfills_table, dags_table, _dag.id == _backfill.dag_pk)
ORDERS: Final = {name: _backfill[name] for name in ("from_date", "to_date", "created_at", "completed_at")}


def create_backfill(
    connection: Connection, command: CreateBackfill, *, now: datetime, triggering_user: str | None = None
) -> None:
    """Store a backfill and tell the scheduler.

    Raises:
        UnknownDagError: there is no such DAG.
    """
    dag_pk = connection.execute(select(_dag.id).where(_dag.dag_id == command.dag_id)).scalar_one_or_none()
    if dag_pk is None:
        raise UnknownDagError(command.dag_id)
    values = msgspec.structs.asdict(command)
    del values["dag_id"]
    connection.execute(
        insert(backfills_table).values(
            dag_pk=dag_pk, is_paused=False, created_at=now, triggering_user=triggering_user, **values
        )
    )
    inbox.append(connection, command, now=now)


def change_backfill(connection: Connection, command: ChangeBackfill, *, now: datetime) -> None:
    """Pause, unpause or cancel a backfill, and tell the scheduler.

    Raises:
        UnknownBackfillError: there is none of that id.
        BackfillOverError: it is completed or cancelled.
    """
    if load_backfill(connection, command.backfill_id).completed_at is not None:
        raise BackfillOverError(command.backfill_id)
    changes: dict[str, object] = (
        {"completed_at": now} if command.action == "cancel" else {"is_paused": command.action == "pause"}
    )
    connection.execute(
        update(backfills_table).where(_backfill.backfill_id == command.backfill_id).values(changes)
    )
    inbox.append(connection, command, now=now)


def load_backfill(connection: Connection, backfill_id: str) -> BackfillRecord:
    """Return one backfill.

    Raises:
        UnknownBackfillError: there is none of that id.
    """
    row = connection.execute(_BACKFILLS.where(_backfill.backfill_id == backfill_id)).one_or_none()
    if row is None:
        raise UnknownBackfillError(backfill_id)
    return BackfillRecord(**row._mapping)


def load_open_backfills(connection: Connection, dag_ids: Sequence[str] | None = None) -> list[BackfillRecord]:
    """Return the backfills that are not completed, of all DAGs or of some, the oldest first."""
    statement = _BACKFILLS.where(_backfill.completed_at.is_(None))
    if dag_ids is not None:
        statement = statement.where(_dag.dag_id.in_(dag_ids))
    rows = connection.execute(statement.order_by(_backfill.created_at, _backfill.backfill_id))
    return [BackfillRecord(**row._mapping) for row in rows]


def load_existing_runs(
    connection: Connection, dag_id: str, from_date: datetime, to_date: datetime
) -> list[ExistingRun]:
    """Return a DAG's runs of these dates, both included, the earliest first."""
    dag_pk = select(_dag.id).where(_dag.dag_id == dag_id).scalar_subquery()
    rows = connection.execute(
        select(_run.run_id, _run.logical_date, _run.state, _run.backfill_id)
        .where(_run.dag_pk == dag_pk, _run.logical_date.between(from_date, to_date))
        .order_by(_run.logical_date)
    )
    return [
        ExistingRun(run_id=row[0], logical_date=row[1], state=RunState(row[2]), backfill_id=row[3])
        for row in rows
    ]


def list_backfills(
    connection: Connection, paging: Paging, *, dag_ids: Sequence[str] | None = None, only_open: bool = False
) -> Page[BackfillRecord]:
    """Return a page of backfills, the oldest first unless ordered otherwise.

    Raises:
        InvalidOrderError: they cannot be ordered like that.
    """
    statement = _BACKFILLS
    if dag_ids is not None:
        statement = statement.where(_dag.dag_id.in_(dag_ids))
    if only_open:
        statement = statement.where(_backfill.completed_at.is_(None))
    order = [*order_columns(paging.order_by, ORDERS, last=_backfill.created_at), _backfill.backfill_id]
    rows = connection.execute(statement.order_by(*order).limit(paging.limit).offset(paging.offset))
    return Page([BackfillRecord(**row._mapping) for row in rows], count_up_to(connection, statement))


def count_runs_of_backfill(connection: Connection, backfill_id: str) -> dict[RunState, int]:
    """Return how many runs of a backfill are in each state."""
    rows = connection.execute(
        select(_run.state, func.count()).where(_run.backfill_id == backfill_id).group_by(_run.state)
    )
    return {row[0]: row[1] for row in rows}

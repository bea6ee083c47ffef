"""Triggers of deferred tasks, shared out among triggerers. The scheduler writes them through ``batch``."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, delete, select, update

from etesian.lifecycle.records import TaskKey
from etesian.store.queries.task_rows import with_run
from etesian.store.tables import dag_runs_table, dags_table, triggers_table

_trigger = triggers_table.c


class TriggerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One trigger that is awaited, or waits for a triggerer."""

    trigger_id: str
    key: TaskKey
    trigger_class: str
    trigger_kwargs: bytes  #: JSON
    timeout_at: datetime | None
    triggerer: str | None  #: who awaits it
    created_at: datetime


_TRIGGERS: Final = with_run(
    select(dags_table.c.dag_id, dag_runs_table.c.run_id, triggers_table), triggers_table
)

_OWNERS: Final = select(_trigger.trigger_id, _trigger.triggerer)


def load_triggers(connection: Connection, *, triggerer: str | None = None) -> list[TriggerRecord]:
    """Return all triggers, or those of one triggerer, the oldest first."""
    statement = _TRIGGERS.order_by(_trigger.created_at, _trigger.trigger_id)
    if triggerer is not None:
        statement = statement.where(_trigger.triggerer == triggerer)
    return [_record(row) for row in connection.execute(statement)]


def load_owners(connection: Connection) -> dict[str, str | None]:
    """Return who awaits each trigger, by trigger_id; None waits for a triggerer."""
    return {row.trigger_id: row.triggerer for row in connection.execute(_OWNERS)}


def load_triggers_by_id(connection: Connection, trigger_ids: Collection[str]) -> list[TriggerRecord]:
    """Return triggers by id, the oldest first; those that have gone are left out."""
    found = _TRIGGERS.where(_trigger.trigger_id.in_(trigger_ids))
    return [_record(row) for row in connection.execute(found.order_by(_trigger.created_at))]


def delete_triggers(connection: Connection, trigger_ids: Collection[str]) -> None:
    """Forget triggers whose events are stored, in the same transaction."""
    connection.execute(delete(triggers_table).where(_trigger.trigger_id.in_(trigger_ids)))


def assign_triggers(connection: Connection, triggerer: str, *, limit: int) -> int:
    """Give triggers that nobody awaits to a triggerer and return how many."""
    waiting = (
        select(_trigger.trigger_id)
        .where(_trigger.triggerer.is_(None))
        .order_by(_trigger.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return connection.execute(
        update(triggers_table).where(_trigger.trigger_id.in_(waiting)).values(triggerer=triggerer)
    ).rowcount


def free_triggers(connection: Connection, alive: Iterable[str]) -> int:
    """Take triggers back from triggerers that are not among those alive, and return how many."""
    return connection.execute(
        update(triggers_table)
        .where(_trigger.triggerer.is_not(None), _trigger.triggerer.not_in(list(alive)))
        .values(triggerer=None)
    ).rowcount


def _record(row: Row[Any]) -> TriggerRecord:  # Any: the columns
    return TriggerRecord(
        trigger_id=row.trigger_id,
        key=TaskKey(row.dag_id, row.run_id, row.task_id, row.map_index),
        trigger_class=row.trigger_class,
        trigger_kwargs=bytes(row.trigger_kwargs),
        timeout_at=row.timeout_at,
        triggerer=row.triggerer,
        created_at=row.created_at,
    )

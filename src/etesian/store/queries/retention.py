"""Forgetting history that is older than people want to keep, in small transactions that hold up nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Select, Table, and_, delete, exists, func, select

from etesian.store.database import Store
from etesian.store.tables import (
    RUN_IS_UNFINISHED,
    TASK_IS_ACTIVE,
    VERSION_IS_IN_FORCE,
    asset_event_consumers_table,
    asset_events_table,
    audit_log_table,
    backfills_table,
    dag_runs_table,
    dag_versions_table,
    inbox_table,
    task_instances_table,
    task_states_table,
)

#: Rows of one transaction. A run takes its task instances along, so it counts for many.
RUNS_AT_ONCE: Final = 20
ROWS_AT_ONCE: Final = 1000

_run, _task, _version = dag_runs_table.c, task_instances_table.c, dag_versions_table.c
_state = task_states_table.c
_event, _entry, _row, _backfill = asset_events_table.c, audit_log_table.c, inbox_table.c, backfills_table.c


class CleanedTable(msgspec.Struct, frozen=True):
    """How many rows of one table went, or would go."""

    name: str
    rows: int


def clean(store: Store, before: datetime, *, dry_run: bool = False) -> Iterator[CleanedTable]:
    """Delete what ended before a moment and yield, table by table, how many rows went.

    Runs go with all that belongs to them, but not while they or one of their tasks are open. Versions go
    when no run has them and they are not in force. Variables, connections, pools and DAGs stay.

    Raises:
        StoreError: the database cannot be written. What was yielded is gone, the rest is as it was.
    """
    for table, old, at_once in _old_rows(before):
        key = next(iter(table.primary_key))
        chosen = select(key).where(old)
        rows = _count(store, chosen) if dry_run else sum(_delete(store, table, chosen.limit(at_once)))
        yield CleanedTable(table.name, rows)


def clean_in_steps(store: Store, before: datetime) -> Iterator[int]:
    """Delete what ``clean`` does, and yield after each transaction how many rows it deleted.

    Who takes its time between two steps lets others write.

    Raises:
        StoreError: the database cannot be written. What went before is gone, the rest is as it was.
    """
    for table, old, at_once in _old_rows(before):
        yield from _delete(store, table, select(next(iter(table.primary_key))).where(old).limit(at_once))


def _old_rows(before: datetime) -> Iterator[tuple[Table, ColumnElement[bool], int]]:
    has_open_task = exists().where(_task.run_pk == _run.id, TASK_IS_ACTIVE)
    yield dag_runs_table, and_(_run.ended_at < before, ~RUN_IS_UNFINISHED, ~has_open_task), RUNS_AT_ONCE
    is_used = exists().where(_run.dag_pk == _version.dag_pk, _run.version_hash == _version.hash)
    is_in_force = exists().where(VERSION_IS_IN_FORCE)
    yield dag_versions_table, and_(_version.created_at < before, ~is_used, ~is_in_force), ROWS_AT_ONCE
    caused_a_run = exists().where(asset_event_consumers_table.c.event_pk == _event.id)
    yield asset_events_table, and_(_event.created_at < before, ~caused_a_run), ROWS_AT_ONCE
    yield task_states_table, _state.expires_at < before, ROWS_AT_ONCE
    yield backfills_table, _backfill.completed_at < before, ROWS_AT_ONCE
    yield audit_log_table, _entry.at < before, ROWS_AT_ONCE
    yield inbox_table, and_(_row.error.is_not(None), _row.created_at < before), ROWS_AT_ONCE


def _count(store: Store, chosen: Select[Any]) -> int:  # Any: the table's key
    with store.read() as connection:
        return connection.execute(select(func.count()).select_from(chosen.subquery())).scalar_one()


def _delete(store: Store, table: Table, chosen: Select[Any]) -> Iterator[int]:  # Any: the table's key
    key = next(iter(table.primary_key))
    while _is_there_any(store, chosen):
        with store.write() as connection:
            deleted = connection.execute(delete(table).where(key.in_(chosen))).rowcount
        yield deleted


def _is_there_any(store: Store, chosen: Select[Any]) -> bool:  # Any: the table's key
    """Look without keeping others from writing: mostly there is nothing."""
    with store.read() as connection:
        return connection.execute(chosen.limit(1)).first() is not None

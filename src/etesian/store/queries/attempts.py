"""Ended tries of task instances. The scheduler writes them through ``batch``."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select

from etesian.lifecycle.records import AttemptRecord, RunKey, TaskKey
from etesian.store.queries.task_rows import of_run, of_task, with_run
from etesian.store.tables import attempts_table, dag_runs_table, dags_table

_attempt = attempts_table.c
_OWN_FIELDS: Final = [name for name in AttemptRecord.__struct_fields__ if name not in ("dag_id", "run_id")]
_ATTEMPTS: Final = with_run(
    select(dags_table.c.dag_id, dag_runs_table.c.run_id, *(_attempt[name] for name in _OWN_FIELDS)),
    attempts_table,
)


def load_attempts(connection: Connection, key: TaskKey) -> list[AttemptRecord]:
    """Return the ended tries of one task instance, the first one first."""
    statement = _ATTEMPTS.where(of_task(attempts_table, key)).order_by(
        _attempt.try_number, _attempt.attempt_id
    )
    return [AttemptRecord(**row._mapping) for row in connection.execute(statement)]


def load_attempts_of_run(connection: Connection, key: RunKey) -> list[AttemptRecord]:
    """Return the ended tries of all task instances of a run, by task, map index and try."""
    statement = _ATTEMPTS.where(of_run(key)).order_by(
        _attempt.task_id, _attempt.map_index, _attempt.try_number, _attempt.attempt_id
    )
    return [AttemptRecord(**row._mapping) for row in connection.execute(statement)]


def load_attempt(connection: Connection, attempt_id: str) -> AttemptRecord | None:
    """Return one ended try; None when it has not ended, or never was."""
    row = connection.execute(_ATTEMPTS.where(_attempt.attempt_id == attempt_id)).one_or_none()
    return None if row is None else AttemptRecord(**row._mapping)

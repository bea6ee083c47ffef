"""Rendered template fields of task instances. The scheduler writes most of them through ``batch``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, bindparam, select

from etesian.lifecycle.records import TaskKey
from etesian.store.queries.task_rows import load_run_number, with_run
from etesian.store.queries.upsert import insert_into
from etesian.store.tables import dag_runs_table, dags_table, rendered_fields_table

_fields = rendered_fields_table.c
_OF_TASK: Final = with_run(select(_fields.fields), rendered_fields_table).where(
    dags_table.c.dag_id == bindparam("dag_id"),
    dag_runs_table.c.run_id == bindparam("run_id"),
    _fields.task_id == bindparam("task_id"),
    _fields.map_index == bindparam("map_index"),
)


def load_rendered_fields(connection: Connection, key: TaskKey) -> bytes | None:
    """Return the JSON object of a task instance's rendered fields, secrets masked; None for none yet."""
    return find_rendered_fields(connection, [key]).get(key)


def find_rendered_fields(connection: Connection, keys: Iterable[TaskKey]) -> dict[TaskKey, bytes]:
    """Return the rendered fields of several task instances; those that have none yet are left out.

    Each is one look into an index, by a statement that was made once.
    """
    found = ((key, connection.execute(_OF_TASK, key._asdict()).scalar_one_or_none()) for key in keys)
    return {key: bytes(fields) for key, fields in found if fields is not None}


def save_rendered_fields(connection: Connection, key: TaskKey, fields: bytes) -> None:
    """Insert or replace the JSON object of a task instance's rendered fields.

    Raises:
        UnknownRunError: there is no such run.
    """
    run_pk = load_run_number(connection, key.run_key)
    statement = insert_into(connection, rendered_fields_table).values(
        run_pk=run_pk, task_id=key.task_id, map_index=key.map_index, fields=fields
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["run_pk", "task_id", "map_index"], set_={"fields": fields}
        )
    )

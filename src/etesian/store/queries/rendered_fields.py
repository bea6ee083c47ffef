"""Rendered template fields of task instances. The scheduler writes most of them through ``batch``."""

from __future__ import annotations

from sqlalchemy import Connection, select

from etesian.lifecycle.records import TaskKey
from etesian.store.queries.task_rows import load_run_number, of_task, with_run
from etesian.store.queries.upsert import insert_into
from etesian.store.tables import rendered_fields_table


def load_rendered_fields(connection: Connection, key: TaskKey) -> bytes | None:
    """Return the JSON object of a task instance's rendered fields, secrets masked; None for none yet."""
    statement = with_run(select(rendered_fields_table.c.fields), rendered_fields_table)
    found: bytes | None = connection.execute(
        statement.where(of_task(rendered_fields_table, key))
    ).scalar_one_or_none()
    return None if found is None else bytes(found)


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

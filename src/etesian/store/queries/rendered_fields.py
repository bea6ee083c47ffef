"""Rendered template fields of task instances. The scheduler writes them through ``batch``."""

from __future__ import annotations

from sqlalchemy import Connection, select

from etesian.lifecycle.records import TaskKey
from etesian.store.queries.task_rows import of_task, with_run
from etesian.store.tables import rendered_fields_table


def load_rendered_fields(connection: Connection, key: TaskKey) -> bytes | None:
    """Return the JSON object of a task instance's rendered fields, secrets masked; None before they are known."""
    statement = with_run(select(rendered_fields_table.c.fields), rendered_fields_table)
    found: bytes | None = connection.execute(
        statement.where(of_task(rendered_fields_table, key))
    ).scalar_one_or_none()
    return None if found is None else bytes(found)

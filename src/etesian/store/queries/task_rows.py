"""Finding the rows that belong to task instances, in any table that has their key."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, Table, select

from etesian.lifecycle.records import RunKey, TaskKey
from etesian.store.errors import UnknownRunError
from etesian.store.tables import dag_runs_table, dags_table


def with_run(statement: Select[Any], table: Table) -> Select[Any]:  # Any: the columns
    """Return the statement over ``table`` joined with its runs and their DAGs."""
    source: FromClause = table.join(dag_runs_table, dag_runs_table.c.id == table.c.run_pk).join(
        dags_table, dags_table.c.id == dag_runs_table.c.dag_pk
    )
    return statement.select_from(source)


def of_run(key: RunKey) -> ColumnElement[bool]:
    """Return the condition that rows belong to a run."""
    return (dags_table.c.dag_id == key.dag_id) & (dag_runs_table.c.run_id == key.run_id)


def of_task(table: Table, key: TaskKey) -> ColumnElement[bool]:
    """Return the condition that rows of ``table`` belong to a task instance."""
    return of_run(key.run_key) & (table.c.task_id == key.task_id) & (table.c.map_index == key.map_index)


def load_run_number(connection: Connection, key: RunKey) -> int:
    """Return the number that a run has inside the database.

    Raises:
        UnknownRunError: there is no such run.
    """
    statement = select(dag_runs_table.c.id).join(dags_table, dags_table.c.id == dag_runs_table.c.dag_pk)
    run_pk: int | None = connection.execute(statement.where(of_run(key))).scalar_one_or_none()
    if run_pk is None:
        raise UnknownRunError(key.dag_id, key.run_id)
    return run_pk

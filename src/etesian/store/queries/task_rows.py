"""Finding the rows that belong to task instances, in any table that has their key."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Table

from etesian.lifecycle.records import RunKey, TaskKey
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

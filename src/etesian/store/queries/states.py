"""Values that a task instance keeps over its tries, and an asset over all runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, delete, or_, select

from etesian.lifecycle.records import TaskKey
from etesian.protocol.requests import AssetScope, StateScope, TaskScope
from etesian.store.queries.assets import find_or_insert_asset
from etesian.store.queries.task_rows import load_run_number, of_task, with_run
from etesian.store.queries.upsert import insert_into
from etesian.store.tables import asset_states_table, assets_table, task_states_table

_task, _asset = task_states_table.c, asset_states_table.c


def load_state(connection: Connection, scope: StateScope, key: str, now: datetime) -> bytes | None:
    """Return one value as JSON; None when there is none, or when it has expired."""
    table = _table(scope)
    statement = _of(scope, select(table.c.value)).where(table.c.key == key)
    if table is task_states_table:
        statement = statement.where(or_(_task.expires_at.is_(None), _task.expires_at > now))
    found: bytes | None = connection.execute(statement).scalar_one_or_none()
    return None if found is None else bytes(found)


def save_state(
    connection: Connection,
    scope: StateScope,
    key: str,
    value: bytes,
    *,
    now: datetime,
    expires_at: datetime | None = None,
) -> None:
    """Insert or replace one value. What an asset keeps does not expire.

    Raises:
        UnknownRunError: there is no such run.
    """
    values: dict[str, Any] = {"value": value, "updated_at": now}
    match scope:
        case TaskScope():
            values["expires_at"] = expires_at
            run_pk = load_run_number(connection, _key(scope).run_key)
            owner = {"run_pk": run_pk, "task_id": scope.task_id, "map_index": scope.map_index}
        case AssetScope():
            owner = {"asset_pk": find_or_insert_asset(connection, scope.name, scope.uri, now)}
    statement = insert_into(connection, _table(scope)).values(**owner, key=key, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=[*owner, "key"], set_=values))


def delete_states(connection: Connection, scope: StateScope, key: str | None = None) -> None:
    """Delete one value, or all of the scope."""
    table = _table(scope)
    found = _of(scope, select(table.c.id))
    if key is not None:
        found = found.where(table.c.key == key)
    connection.execute(delete(table).where(table.c.id.in_(found)))


def _table(scope: StateScope) -> Table:
    return task_states_table if isinstance(scope, TaskScope) else asset_states_table


def _key(scope: TaskScope) -> TaskKey:
    return TaskKey(scope.dag_id, scope.run_id, scope.task_id, scope.map_index)


def _of(scope: StateScope, statement: Select[Any]) -> Select[Any]:  # Any: the columns
    match scope:
        case TaskScope():
            return with_run(statement, task_states_table).where(of_task(task_states_table, _key(scope)))
        case AssetScope(name=name, uri=uri):
            same = [assets_table.c.name == name] if name is not None else []
            same += [assets_table.c.uri == uri] if uri is not None else []
            return statement.join_from(
                asset_states_table, assets_table, assets_table.c.id == _asset.asset_pk
            ).where(*same)

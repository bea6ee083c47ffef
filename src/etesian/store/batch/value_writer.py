"""Writing what tasks leave behind: XComs and rendered fields."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from etesian.lifecycle.records import TaskKey
from etesian.protocol.reports import XComValue
from etesian.store.batch.driver_sql import DriverSql
from etesian.store.batch.scope import Scope
from etesian.store.tables import rendered_fields_table, xcoms_table

_TASK: Final = ("run_pk", "task_id", "map_index")


class ValueWriter:
    """The statements for ``xcoms`` and ``rendered_fields``, on one driver."""

    def __init__(self, sql: DriverSql) -> None:
        self._upsert_xcom = sql.upsert(
            xcoms_table, (*_TASK, "key", "value", "length", "created_at"), (*_TASK, "key")
        )
        self._delete_xcoms = sql.delete(xcoms_table, _TASK)
        self._upsert_fields = sql.upsert(rendered_fields_table, (*_TASK, "fields"), _TASK)
        self._bind_moment = sql.binder(xcoms_table, "created_at")
        self._bind_key = sql.binder(xcoms_table, "key")

    def write_xcoms(self, scope: Scope, xcoms: Iterable[tuple[TaskKey, XComValue]], now: datetime) -> None:
        """Insert or replace pushed values."""
        created_at = self._bind_moment(now)
        rows = [
            (*scope.task_key(key), self._bind_key(item.key), item.value, item.length, created_at)
            for key, item in xcoms
        ]
        scope.execute_many(self._upsert_xcom, rows)

    def delete_xcoms(self, scope: Scope, keys: Iterable[TaskKey]) -> None:
        """Delete all values of task instances."""
        scope.execute_many(self._delete_xcoms, scope.stored_task_keys(keys))

    def write_rendered_fields(self, scope: Scope, fields: Iterable[tuple[TaskKey, bytes]]) -> None:
        """Insert or replace the rendered template fields of task instances."""
        scope.execute_many(
            self._upsert_fields, [(*scope.task_key(key), rendered) for key, rendered in fields]
        )

"""Writing task instances and their attempts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from etesian.lifecycle.records import AttemptRecord, TaskInstanceRecord, TaskKey
from etesian.protocol.reports import AttemptUsage
from etesian.store.batch.driver_sql import DriverSql
from etesian.store.batch.scope import Scope
from etesian.store.tables import attempts_table, rendered_fields_table, task_instances_table, xcoms_table

_TASK: Final = ("run_pk", "task_id", "map_index")
TASK_INSTANCE_COLUMNS: Final = tuple(
    name for name in TaskInstanceRecord.__struct_fields__ if name not in ("dag_id", "run_id")
)
ATTEMPT_COLUMNS: Final = tuple(
    name for name in AttemptRecord.__struct_fields__ if name not in ("dag_id", "run_id")
)
USAGE_COLUMNS: Final = ("peak_memory_bytes", "cpu_seconds", "exit_code", "exit_signal")


class TaskWriter:
    """The statements for ``task_instances`` and ``attempts``, on one driver."""

    def __init__(self, sql: DriverSql) -> None:
        self._upsert = sql.upsert(task_instances_table, ("run_pk", *TASK_INSTANCE_COLUMNS), _TASK)
        self._encode = sql.encoder(task_instances_table, TASK_INSTANCE_COLUMNS)
        self._deletes = [
            sql.delete(table, _TASK)
            for table in (xcoms_table, rendered_fields_table, attempts_table, task_instances_table)
        ]
        self._upsert_attempt = sql.upsert(attempts_table, ("run_pk", *ATTEMPT_COLUMNS), ("attempt_id",))
        self._encode_attempt = sql.encoder(attempts_table, ATTEMPT_COLUMNS)
        self._update_usage = sql.update(attempts_table, USAGE_COLUMNS, ("attempt_id",))

    def write(self, scope: Scope, task_instances: Mapping[TaskKey, TaskInstanceRecord]) -> None:
        """Insert or replace task instances."""
        find, encode = scope.run_ids.find, self._encode
        rows: list[list[Any]] = []
        for key, task_instance in task_instances.items():
            row = encode(task_instance)
            row.insert(0, find(key.run_key))
            rows.append(row)
        scope.execute_many(self._upsert, rows)

    def delete(self, scope: Scope, keys: Iterable[TaskKey]) -> None:
        """Delete task instances with all that belongs to them."""
        rows = scope.stored_task_keys(keys)
        for sql in self._deletes:
            scope.execute_many(sql, rows)

    def write_attempts(self, scope: Scope, attempts: Iterable[AttemptRecord]) -> None:
        """Add ended tries to the history."""
        rows: list[list[Any]] = []
        for attempt in attempts:
            key = TaskKey(attempt.dag_id, attempt.run_id, attempt.task_id, attempt.map_index)
            rows.append([scope.run_ids.find(key.run_key), *self._encode_attempt(attempt)])
        scope.execute_many(self._upsert_attempt, rows)

    def write_usage(self, scope: Scope, reports: Sequence[AttemptUsage]) -> None:
        """Add to ended tries what their processes used."""
        scope.execute_many(
            self._update_usage,
            [
                (*(getattr(report.usage, name) for name in USAGE_COLUMNS), report.attempt_id)
                for report in reports
            ],
        )

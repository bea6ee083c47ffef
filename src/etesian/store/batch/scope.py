"""What the writers of one batch share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from etesian.lifecycle.records import TaskKey
from etesian.store.batch.driver_sql import Row
from etesian.store.batch.run_ids import RunIdsOfBatch


class Scope:
    """The driver's cursor, and the numbers of the runs, during one batch."""

    def __init__(self, cursor: Any, run_ids: RunIdsOfBatch) -> None:  # Any: the driver's cursor
        self.cursor = cursor
        self.run_ids = run_ids

    def execute(self, sql: str, row: Row) -> Any:  # Any: the driver's cursor
        """Run one statement and return the cursor, to fetch from."""
        return self.cursor.execute(sql, row)

    def execute_many(self, sql: str, rows: Sequence[Row]) -> None:
        """Run one statement for each row; nothing for none."""
        if len(rows) == 1:
            self.cursor.execute(sql, rows[0])
        elif rows:
            self.cursor.executemany(sql, rows)

    def task_key(self, key: TaskKey) -> tuple[int, str, int]:
        """Return the key of a task instance's rows.

        Raises:
            UnknownRunError: its run is not stored.
        """
        return self.run_ids.find(key.run_key), key.task_id, key.map_index

    def stored_task_keys(self, keys: Iterable[TaskKey]) -> list[tuple[int, str, int]]:
        """Return the keys of task instances' rows, without those of runs that are not stored."""
        found = ((self.run_ids.find_or_none(key.run_key), key) for key in keys)
        return [(run_pk, key.task_id, key.map_index) for run_pk, key in found if run_pk is not None]

"""From the name of a run to its number, remembered per connection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from etesian.lifecycle.records import RunKey
from etesian.store.batch.driver_sql import DriverSql
from etesian.store.errors import UnknownRunError

#: Names to remember on one connection: about 4 MB.
CAPACITY: Final = 20_000

_BY_NAME: Final = (
    "SELECT dag_runs.id FROM dag_runs JOIN dags ON dags.id = dag_runs.dag_pk "
    "WHERE dags.dag_id = ? AND dag_runs.run_id = ?"
)


class RunIds:
    """Remembers the numbers of runs that are known to be committed.

    A number of a run that the open transaction inserted is not remembered (``RunIdsOfBatch`` holds it),
    because the transaction may yet be rolled back.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._ids: dict[RunKey, int] = {}

    def get(self, key: RunKey) -> int | None:
        """Return the number, if it is remembered."""
        return self._ids.get(key)

    def remember(self, key: RunKey, run_pk: int) -> None:
        """Remember a number, and forget the oldest one when there are too many."""
        if len(self._ids) >= self._capacity:
            del self._ids[next(iter(self._ids))]
        self._ids[key] = run_pk

    def forget(self, keys: Iterable[RunKey]) -> None:
        """Forget runs that are being deleted."""
        for key in keys:
            self._ids.pop(key, None)

    def forget_dag(self, dag_id: str) -> None:
        """Forget all runs of a DAG that is being deleted."""
        self.forget([key for key in self._ids if key.dag_id == dag_id])


class RunIdsOfBatch:
    """Finds numbers during one batch: those just inserted, those remembered, and the rest in the database."""

    def __init__(self, remembered: RunIds, cursor: Any, sql: DriverSql) -> None:  # Any: the driver's cursor
        self._remembered = remembered
        self._cursor = cursor
        self._by_name = sql.text(_BY_NAME)
        self._inserted: dict[RunKey, int] = {}

    def add(self, key: RunKey, run_pk: int) -> None:
        """Take note of a run that this transaction inserted."""
        self._inserted[key] = run_pk

    def find(self, key: RunKey) -> int:
        """Return a run's number.

        Raises:
            UnknownRunError: there is no such run.
        """
        found = self.find_or_none(key)
        if found is None:
            raise UnknownRunError(key.dag_id, key.run_id)
        return found

    def find_or_none(self, key: RunKey) -> int | None:
        """Return a run's number, or None when there is no such run."""
        found = self._remembered.get(key) or self._inserted.get(key)
        if found is None:
            row = self._cursor.execute(self._by_name, (key.dag_id, key.run_id)).fetchone()
            if row is None:
                return None
            found = int(row[0])
            self._remembered.remember(key, found)
        return found

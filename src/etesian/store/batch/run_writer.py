"""Writing runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any, Final

from etesian.lifecycle.records import DagRunRecord, RunKey
from etesian.store.batch.driver_sql import DriverSql
from etesian.store.batch.scope import Scope
from etesian.store.errors import RunExistsError, UnknownDagError
from etesian.store.tables import dag_runs_table

RUN_COLUMNS: Final = tuple(name for name in DagRunRecord.__struct_fields__ if name != "dag_id")


class RunWriter:
    """The statements for ``dag_runs``, on one driver."""

    def __init__(self, sql: DriverSql) -> None:
        self._find_dag = sql.text("SELECT id FROM dags WHERE dag_id = ?")
        inserted = sql.insert(dag_runs_table, ("dag_pk", *RUN_COLUMNS))
        self._insert = f"{inserted} ON CONFLICT DO NOTHING RETURNING id"
        self._find_taken = sql.text(
            "SELECT run_id FROM dag_runs WHERE dag_pk = ? AND (run_id = ? OR logical_date = ?) "
            "ORDER BY run_id = ? DESC"
        )
        self._bind_date = sql.binder(dag_runs_table, "logical_date")
        self._update = sql.update(dag_runs_table, RUN_COLUMNS, ("id",))
        self._delete = sql.delete(dag_runs_table, ("id",))
        self._encode = sql.encoder(dag_runs_table, RUN_COLUMNS)

    def write(self, scope: Scope, runs: Mapping[RunKey, DagRunRecord], new_runs: Set[RunKey]) -> None:
        """Insert the new runs, update the others."""
        dag_ids: dict[str, int] = {}
        updates: list[list[Any]] = []
        for key, run in runs.items():
            if key in new_runs:
                scope.run_ids.add(key, self._insert_run(scope, run, dag_ids))
            else:
                row = self._encode(run)
                row.append(scope.run_ids.find(key))
                updates.append(row)
        scope.execute_many(self._update, updates)

    def delete(self, scope: Scope, keys: Iterable[RunKey]) -> None:
        """Delete runs with all that belongs to them."""
        found = (scope.run_ids.find_or_none(key) for key in keys)
        scope.execute_many(self._delete, [(run_pk,) for run_pk in found if run_pk is not None])

    def _insert_run(self, scope: Scope, run: DagRunRecord, dag_ids: dict[str, int]) -> int:
        dag_pk = dag_ids.get(run.dag_id)
        if dag_pk is None:
            row = scope.execute(self._find_dag, (run.dag_id,)).fetchone()
            if row is None:
                raise UnknownDagError(run.dag_id)
            dag_pk = dag_ids[run.dag_id] = int(row[0])
        inserted = scope.execute(self._insert, [dag_pk, *self._encode(run)]).fetchone()
        if inserted is None:
            date = None if run.logical_date is None else self._bind_date(run.logical_date)
            taken = scope.execute(self._find_taken, (dag_pk, run.run_id, date, run.run_id)).fetchone()
            raise RunExistsError(run.dag_id, run.run_id, existing_run_id=taken[0])
        return int(inserted[0])

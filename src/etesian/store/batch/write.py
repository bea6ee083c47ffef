"""Writing a batch in the order that its rows depend on each other."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection

from etesian.lifecycle.records import RunKey
from etesian.store.batch.asset_writer import AssetWriter
from etesian.store.batch.changes import Batch
from etesian.store.batch.dag_writer import DagWriter
from etesian.store.batch.driver_sql import DriverSql
from etesian.store.batch.run_ids import RunIds, RunIdsOfBatch
from etesian.store.batch.run_writer import RunWriter
from etesian.store.batch.scope import Scope
from etesian.store.batch.task_writer import TaskWriter
from etesian.store.batch.value_writer import ValueWriter
from etesian.store.batch.wait_writer import WaitWriter
from etesian.store.errors import (
    LeadershipLostError,
    RunExistsError,
    StaleMemoryError,
    UnknownDagError,
    UnknownRunError,
)
from etesian.store.tables import inbox_table

_KEPT_AS: Final = "etesian_batch_writer"


def write_batch(connection: Connection, batch: Batch, *, epoch: int) -> None:
    """Write a batch in the caller's transaction, which must come from ``Store.write()``.

    Raises:
        LeadershipLostError: ``epoch`` is not the leader's any more. Nothing was written.
        StaleMemoryError: the batch does not fit what is stored: a run_id or logical date was taken in the
            meantime, or a run or DAG is gone. The transaction must be rolled back.
    """
    writer: BatchWriter | None = connection.info.get(_KEPT_AS)
    if writer is None:
        writer = connection.info[_KEPT_AS] = BatchWriter(connection)
    broken_rule: type[Exception] = connection.dialect.loaded_dbapi.IntegrityError
    try:
        writer.write(connection.connection.cursor(), batch, epoch)
    except (RunExistsError, UnknownRunError, UnknownDagError, broken_rule) as error:
        del connection.info[_KEPT_AS]  # with the numbers of runs that it remembers
        raise StaleMemoryError(f"the store is not as this scheduler remembers it: {error}") from error


class BatchWriter:
    """Writes batches on one driver connection; it lives as long as that connection does."""

    def __init__(self, connection: Connection) -> None:
        sql = DriverSql(connection.dialect)
        self._run_ids = RunIds()
        self._sql = sql
        # The lock keeps a new leader from taking over between this check and the commit.
        lock = "" if connection.dialect.name == "sqlite" else " FOR SHARE"
        self._find_epoch = f"SELECT epoch FROM leases WHERE partition = 0{lock}"
        self._delete_inbox_row = sql.delete(inbox_table, ("id",))
        self._runs = RunWriter(sql)
        self._tasks = TaskWriter(sql)
        self._values = ValueWriter(sql)
        self._waits = WaitWriter(sql)
        self._dags = DagWriter(sql)
        self._assets = AssetWriter(sql)

    def write(self, cursor: Any, batch: Batch, epoch: int) -> None:  # Any: the driver's cursor
        """Check the epoch, delete what goes, then write what stays."""
        scope = Scope(cursor, RunIdsOfBatch(self._run_ids, cursor, self._sql))
        self._check_epoch(scope, epoch)
        self._delete(scope, batch)
        self._runs.write(scope, batch.runs, batch.new_runs)
        self._tasks.write(scope, batch.task_instances)
        self._tasks.write_attempts(scope, batch.attempts)
        self._tasks.write_usage(scope, batch.attempt_usage)
        self._values.write_xcoms(scope, batch.xcoms, batch.now)
        self._values.write_rendered_fields(scope, batch.rendered_fields)
        self._waits.write_triggers(scope, batch.triggers_started, batch.now)
        self._waits.write_callbacks(scope, batch.callbacks_saved, batch.now)
        self._dags.write_next_runs(scope, batch.next_runs)
        self._dags.pause(scope, batch.paused_dags)
        self._dags.complete_backfills(scope, batch.completed_backfills, batch.now)
        self._assets.write_events(scope, batch.asset_events, batch.now)
        self._assets.write_consumers(scope, batch.consumed_asset_events)
        scope.execute_many(self._delete_inbox_row, [(row_id,) for row_id in batch.inbox_ids])

    def _check_epoch(self, scope: Scope, epoch: int) -> None:
        row = scope.execute(self._find_epoch, ()).fetchone()
        if row is None or row[0] != epoch:
            found = "nobody leads" if row is None else f"the leader's epoch is {row[0]}"
            raise LeadershipLostError(f"a batch of the leader of epoch {epoch} was refused: {found} now")

    def _delete(self, scope: Scope, batch: Batch) -> None:
        self._values.delete_xcoms(scope, batch.cleared_xcoms)
        self._tasks.delete(scope, batch.deleted_task_instances)
        self._waits.delete_triggers(scope, batch.triggers_cancelled)
        self._waits.delete_callbacks(scope, batch.callbacks_forgotten)
        self._runs.delete(scope, batch.forgotten_runs)
        self._dags.delete(scope, batch.forgotten_dags)
        self._forget(batch.forgotten_runs, batch.forgotten_dags)

    def _forget(self, runs: list[RunKey], dag_ids: list[str]) -> None:
        self._run_ids.forget(runs)
        for dag_id in dag_ids:
            self._run_ids.forget_dag(dag_id)

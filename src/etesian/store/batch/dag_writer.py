"""Writing what the scheduler decides about DAGs: when they are due, paused or gone, that a backfill is over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from etesian.spec.schedule import SchedulePoint
from etesian.store.batch.driver_sql import DriverSql
from etesian.store.batch.scope import Scope
from etesian.store.tables import backfills_table, dags_table

_POINT_COLUMNS: Final = (
    "next_run_after",
    "next_logical_date",
    "next_data_interval_start",
    "next_data_interval_end",
)


class DagWriter:
    """The statements for ``dags``, on one driver."""

    def __init__(self, sql: DriverSql) -> None:
        self._update_point = sql.update(dags_table, _POINT_COLUMNS, ("dag_id",))
        self._pause = sql.update(dags_table, ("is_paused", "pause_reason"), ("dag_id",))
        self._true = sql.binder(dags_table, "is_paused")(True)
        self._bind_reason = sql.binder(dags_table, "pause_reason")
        self._delete = sql.delete(dags_table, ("dag_id",))
        self._bind_moment = sql.binder(dags_table, "next_run_after")
        # One that was cancelled ended then.
        self._complete = (
            f"{sql.update(backfills_table, ('completed_at',), ('backfill_id',))} AND completed_at IS NULL"
        )

    def write_next_runs(self, scope: Scope, points: Mapping[str, SchedulePoint | None]) -> None:
        """Show when DAGs are due next."""
        scope.execute_many(
            self._update_point, [(*self._values(point), dag_id) for dag_id, point in points.items()]
        )

    def pause(self, scope: Scope, reasons: Mapping[str, str]) -> None:
        """Pause DAGs, each for a reason."""
        rows = [(self._true, self._bind_reason(reason), dag_id) for dag_id, reason in reasons.items()]
        scope.execute_many(self._pause, rows)

    def complete_backfills(self, scope: Scope, backfill_ids: Iterable[str], now: datetime) -> None:
        """Note that all runs of backfills have ended."""
        completed_at = self._bind_moment(now)
        scope.execute_many(self._complete, [(completed_at, backfill_id) for backfill_id in backfill_ids])

    def delete(self, scope: Scope, dag_ids: Iterable[str]) -> None:
        """Delete DAGs with all their history."""
        scope.execute_many(self._delete, [(dag_id,) for dag_id in dag_ids])

    def _values(self, point: SchedulePoint | None) -> list[Any]:  # Any: whatever the driver binds
        if point is None:
            return [None, None, None, None]
        moments = (point.run_after, point.logical_date, point.data_interval_start, point.data_interval_end)
        return [None if moment is None else self._bind_moment(moment) for moment in moments]

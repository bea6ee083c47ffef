"""Tasks that let only the newest run go on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from etesian.foundation.clock import utc_now
from etesian.operators.branch import BaseBranchOperator
from etesian.sdk.timetables.timetable_base import DataInterval, TimeRestriction

if TYPE_CHECKING:
    from etesian.sdk.context import Context

#: Runs that follow a schedule, and so can be older than another one.
SCHEDULED_RUN_TYPES: Final = ("scheduled", "backfill")


class LatestOnlyOperator(BaseBranchOperator):
    """Skips the tasks directly after it unless its run is the newest one that is due.

    Runs that somebody asked for go on always.
    """

    ui_color = "#e9ffdb"

    def choose_branch(self, context: Context) -> str | Iterable[str] | None:
        """Return the tasks directly after it, or none when a newer run is due."""
        run = context["dag_run"]
        if str(getattr(run.run_type, "value", run.run_type)) not in SCHEDULED_RUN_TYPES:
            self.log.info("The run was asked for: going on")
            return sorted(self.downstream_task_ids)
        next_due = self._next_due(run)
        if next_due is not None and next_due < utc_now():
            self.log.info("Not the newest run: the next one was due at %s", next_due.isoformat())
            return []
        self.log.info("This is the newest run: going on")
        return sorted(self.downstream_task_ids)

    def _next_due(self, run: Any) -> datetime | None:
        if run.data_interval_start is None or run.data_interval_end is None:
            return None
        dag = self.dag
        info = dag.timetable.next_dagrun_info(
            last_automated_data_interval=DataInterval(run.data_interval_start, run.data_interval_end),
            restriction=TimeRestriction(earliest=dag.start_date, latest=dag.end_date, catchup=True),
        )
        return info.run_after if info is not None else None

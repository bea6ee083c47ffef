"""Requests and answers about backfills."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from etesian.api.shapes.dag_run import AwareDatetime
from etesian.protocol.commands import CreateBackfill
from etesian.store.backfill_requests import BackfillProgress, PlannedRun
from etesian.store.queries.backfills import BackfillRecord


class BackfillResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One backfill. The last three fields are ours; lists leave them empty."""

    id: str
    dag_id: str
    dag_display_name: str
    from_date: datetime
    to_date: datetime
    dag_run_conf: dict[str, object]
    is_paused: bool
    reprocess_behavior: str
    max_active_runs: int
    run_backwards: bool
    created_at: datetime
    completed_at: datetime | None
    updated_at: datetime
    runs_total: int | None = None
    runs_by_state: dict[str, int] | None = None
    expected_end_at: datetime | None = None


class BackfillCollectionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One page of backfills."""

    backfills: Sequence[BackfillResponse]
    total_entries: int


class BackfillBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask for a backfill."""

    dag_id: Annotated[str, msgspec.Meta(min_length=1, max_length=250)]
    from_date: AwareDatetime
    to_date: AwareDatetime
    run_backwards: bool = False
    dag_run_conf: dict[str, object] | None = None
    reprocess_behavior: Literal["none", "failed", "completed"] = "none"
    max_active_runs: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 10
    run_on_latest_version: bool = True

    def to_command(self, backfill_id: str) -> CreateBackfill:
        """Return it as the scheduler is told."""
        return CreateBackfill(
            backfill_id=backfill_id,
            dag_id=self.dag_id,
            from_date=self.from_date,
            to_date=self.to_date,
            run_backwards=self.run_backwards,
            max_active_runs=self.max_active_runs,
            reprocess=self.reprocess_behavior,
            conf=self.dag_run_conf or {},
            newest_version=self.run_on_latest_version,
        )


class PlannedRunResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What a backfill would do about one date."""

    logical_date: datetime | None
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    action: str
    dag_run_id: str | None
    state: str | None


class DryRunResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What a backfill would do."""

    backfills: Sequence[PlannedRunResponse]
    total_entries: int


def backfill_response(backfill: BackfillRecord, progress: BackfillProgress | None = None) -> BackfillResponse:
    """Return the answer for one backfill."""
    return BackfillResponse(
        id=backfill.backfill_id,
        dag_id=backfill.dag_id,
        dag_display_name=backfill.dag_id,
        from_date=backfill.from_date,
        to_date=backfill.to_date,
        dag_run_conf=backfill.conf,
        is_paused=backfill.is_paused,
        reprocess_behavior=backfill.reprocess,
        max_active_runs=backfill.max_active_runs,
        run_backwards=backfill.run_backwards,
        created_at=backfill.created_at,
        completed_at=backfill.completed_at,
        updated_at=backfill.completed_at or backfill.created_at,
        runs_total=None if progress is None else progress.total,
        runs_by_state=None if progress is None else {str(key): n for key, n in progress.by_state.items()},
        expected_end_at=None if progress is None else progress.expected_end_at,
    )


def planned_run_response(planned: PlannedRun) -> PlannedRunResponse:
    """Return the answer for one date."""
    return PlannedRunResponse(
        logical_date=planned.logical_date,
        data_interval_start=planned.data_interval_start,
        data_interval_end=planned.data_interval_end,
        action=planned.action,
        dag_run_id=planned.run_id,
        state=planned.state,
    )

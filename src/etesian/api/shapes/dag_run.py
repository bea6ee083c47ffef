"""Requests and answers about DAG runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from etesian.api.shapes.dag_version import DagVersionResponse, dag_version_response
from etesian.api.shapes.duration import seconds_between
from etesian.lifecycle.records import DagRunRecord
from etesian.store.queries.versions import VersionRecord

#: A run_id becomes part of paths and log folders, so that it cannot be of any length.
RunId = Annotated[str, msgspec.Meta(min_length=1, max_length=250)]
AwareDatetime = Annotated[datetime, msgspec.Meta(tz=True)]
Note = Annotated[str, msgspec.Meta(max_length=1000)]


class DagRunResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One DAG run."""

    dag_run_id: str
    dag_id: str
    dag_display_name: str
    logical_date: datetime | None
    run_after: datetime
    queued_at: datetime | None
    start_date: datetime | None
    end_date: datetime | None
    duration: float | None  #: seconds
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    last_scheduling_decision: datetime | None
    run_type: str
    state: str
    triggered_by: str | None
    triggering_user_name: str | None
    conf: dict[str, object]
    note: str | None
    reason: str | None
    dag_versions: Sequence[DagVersionResponse]
    bundle_version: str | None
    partition_key: str | None


class DagRunCollectionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One page of runs."""

    dag_runs: Sequence[DagRunResponse]
    total_entries: int


class TriggerDagRunBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask for a run. Everything may be left out."""

    dag_run_id: RunId | None = None
    logical_date: AwareDatetime | None = None
    run_after: AwareDatetime | None = None
    data_interval_start: AwareDatetime | None = None
    data_interval_end: AwareDatetime | None = None
    conf: dict[str, object] | None = None
    note: Note | None = None
    partition_key: str | None = None


class PatchDagRunBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change a run: declare its state, or attach a note. ``queued`` clears it, so that it runs again."""

    state: Literal["queued", "success", "failed"] | None = None
    note: Note | msgspec.UnsetType | None = msgspec.UNSET


def dag_run_response(
    run: DagRunRecord, version: VersionRecord | None, dag_display_name: str | None = None
) -> DagRunResponse:
    """Return the answer for one run; ``version`` is None when its version is gone."""
    return DagRunResponse(
        dag_run_id=run.run_id,
        dag_id=run.dag_id,
        dag_display_name=dag_display_name or run.dag_id,
        logical_date=run.logical_date,
        run_after=run.run_after,
        queued_at=run.queued_at,
        start_date=run.started_at,
        end_date=run.ended_at,
        duration=seconds_between(run.started_at, run.ended_at),
        data_interval_start=run.data_interval_start,
        data_interval_end=run.data_interval_end,
        last_scheduling_decision=None,
        run_type=run.run_type,
        state=run.state,
        triggered_by=run.triggered_by,
        triggering_user_name=run.triggering_user,
        conf=run.conf,
        note=run.note,
        reason=run.reason,
        dag_versions=() if version is None else (dag_version_response(version),),
        bundle_version=run.bundle_version,
        partition_key=run.partition_key,
    )

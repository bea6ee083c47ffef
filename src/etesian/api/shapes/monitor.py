"""Answers about the platform itself."""

from __future__ import annotations

from datetime import datetime

import msgspec


class DatabaseHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the metadata database answers."""

    status: str


class SchedulerHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a scheduler leads."""

    status: str
    latest_scheduler_heartbeat: datetime | None


class TriggererHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a triggerer runs; null when none was started, which is fine while no task defers."""

    status: str | None
    latest_triggerer_heartbeat: datetime | None


class DagProcessorHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a parser runs."""

    status: str
    latest_dag_processor_heartbeat: datetime | None


class HealthResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the platform's parts."""

    metadatabase: DatabaseHealth
    scheduler: SchedulerHealth
    triggerer: TriggererHealth
    dag_processor: DagProcessorHealth


class VersionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Which release this is."""

    version: str
    git_version: str | None


class ImportErrorResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Why a DAG file could not be read."""

    import_error_id: int
    timestamp: datetime
    filename: str
    bundle_name: str | None
    stack_trace: str
    line: int | None


class ImportErrorCollectionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One page of import errors."""

    import_errors: list[ImportErrorResponse]
    total_entries: int

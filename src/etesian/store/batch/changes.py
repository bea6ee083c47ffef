"""What one batch of the scheduler's decisions changes in the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from etesian.foundation.clock import utc_now
from etesian.lifecycle.records import AttemptRecord, DagRunRecord, RunKey, TaskInstanceRecord, TaskKey
from etesian.protocol.reports import AssetEventReport, AttemptUsage, XComValue
from etesian.protocol.workloads import RunCallback
from etesian.spec.schedule import SchedulePoint


class NewTrigger(Protocol):
    """A trigger to store; the scheduler core's decision to start one fits."""

    @property
    def trigger_id(self) -> str:
        """Its id."""

    @property
    def key(self) -> TaskKey:
        """The task instance that it waits for."""

    @property
    def trigger_class(self) -> str:
        """Import path of its class."""

    @property
    def trigger_kwargs(self) -> bytes:
        """JSON of its arguments."""

    @property
    def timeout_at(self) -> datetime | None:
        """When the wait is over in any case."""


class NewAssetEvents(Protocol):
    """Asset events to store; the scheduler core's decision to record them fits."""

    @property
    def source(self) -> TaskKey | None:
        """The task that emitted them; None if none did."""

    @property
    def events(self) -> tuple[AssetEventReport, ...]:
        """What happened, in order."""

    @property
    def origin(self) -> str:
        """Who says so: task, api or watcher."""


@dataclass(slots=True, kw_only=True)
class Batch:
    """What one batch of decisions changes. Rows are deleted before others are written.

    Runs named in ``new_runs`` are inserted, all other runs exist. Everything else is inserted or replaced.
    """

    now: datetime = field(default_factory=utc_now)  #: kept with rows that remember when they were made
    runs: dict[RunKey, DagRunRecord] = field(default_factory=dict)
    new_runs: set[RunKey] = field(default_factory=set)
    task_instances: dict[TaskKey, TaskInstanceRecord] = field(default_factory=dict)
    deleted_task_instances: list[TaskKey] = field(default_factory=list)
    attempts: list[AttemptRecord] = field(default_factory=list)
    attempt_usage: list[AttemptUsage] = field(default_factory=list)  #: of attempts stored now or before
    xcoms: list[tuple[TaskKey, XComValue]] = field(default_factory=list)
    cleared_xcoms: list[TaskKey] = field(default_factory=list)
    rendered_fields: list[tuple[TaskKey, bytes]] = field(default_factory=list)
    triggers_started: list[NewTrigger] = field(default_factory=list)
    triggers_cancelled: list[str] = field(default_factory=list)  #: trigger_ids
    callbacks_saved: list[RunCallback] = field(default_factory=list)
    callbacks_forgotten: list[str] = field(default_factory=list)  #: callback_ids
    next_runs: dict[str, SchedulePoint | None] = field(default_factory=dict)  #: by dag_id; None: never
    paused_dags: dict[str, str] = field(default_factory=dict)  #: dag_id to the reason
    asset_events: list[NewAssetEvents] = field(default_factory=list)
    consumed_asset_events: list[tuple[RunKey, tuple[int, ...]]] = field(default_factory=list)  #: event ids
    completed_backfills: list[str] = field(default_factory=list)  #: backfill_ids
    forgotten_runs: list[RunKey] = field(default_factory=list)
    forgotten_dags: list[str] = field(default_factory=list)
    inbox_ids: list[int] = field(default_factory=list)  #: rows whose effects these are

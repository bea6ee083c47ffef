"""Runs, task instances and attempts as the store keeps them and the scheduler core holds them: frozen values.

``RunKey`` and ``TaskKey`` are built from names and can be read; integer keys exist inside the store only. Records hold
no cycles (``gc=False``): a scheduler that keeps a hundred thousand of them spends no time on looking for any.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec

from etesian.lifecycle.state import RunState, RunType, TaskState


class RunKey(NamedTuple):
    """Names one DAG run."""

    dag_id: str
    run_id: str

    def __str__(self) -> str:
        return f"{self.dag_id}@{self.run_id}"


class TaskKey(NamedTuple):
    """Names one task instance; ``map_index`` is -1 for a task that is not mapped."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1

    def __str__(self) -> str:
        index = "" if self.map_index < 0 else f"[{self.map_index}]"
        return f"{self.dag_id}.{self.task_id}{index}@{self.run_id}"

    @property
    def run_key(self) -> RunKey:
        """The run it belongs to."""
        return RunKey(self.dag_id, self.run_id)


class DagRunRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One DAG run. All moments are aware UTC."""

    dag_id: str
    run_id: str
    run_type: RunType
    state: RunState
    run_after: datetime
    version_hash: str  #: the DAG version it runs
    logical_date: datetime | None = None
    data_interval_start: datetime | None = None
    data_interval_end: datetime | None = None
    queued_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    conf: dict[str, object] = {}
    note: str | None = None
    triggered_by: str = "timetable"  #: timetable | rest_api | cli | operator | backfill | asset | test
    triggering_user: str | None = None
    backfill_id: str | None = None
    clear_number: int = 0  #: how many times it was cleared
    reason: str | None = None  #: why it failed, in words, when no task says it (a time-out, a stop)
    partition_key: str | None = None  #: the partition of data that it is about
    marked: RunState | None = None  #: what a user declared it to come to, while its teardowns still run
    bundle_version: str | None = None  #: of the bundle, whose files its tasks read; None: the newest

    @property
    def key(self) -> RunKey:
        """The run's name."""
        return RunKey(self.dag_id, self.run_id)


class TaskInstanceRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One task in one run. The try and attempt fields speak of the current try, or of the last one."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    state: TaskState = TaskState.NONE
    try_number: int = 0  #: tries begun so far; 0 before the first
    max_tries: int = 0  #: tries allowed beyond the first; grows when cleared
    attempt_id: str | None = None  #: id of the current attempt; None when none is open
    executor: str | None = None  #: the executor that holds the attempt
    pool: str = "default_pool"
    pool_slots: int = 1
    priority: int = 1
    queue: str = "default"
    operator: str = ""
    scheduled_at: datetime | None = None
    queued_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    wake_at: datetime | None = None  #: when a retry or a reschedule is due, or a deferral times out
    first_started_at: datetime | None = None  #: start of the first look of a sensor that reschedules
    hostname: str | None = None
    pid: int | None = None
    trigger_id: str | None = None
    resume: bytes | None = None  #: JSON of where a deferred task goes on (``protocol.reports.Resume``)
    rendered_map_index: str | None = None
    note: str | None = None
    reason: str | None = None  #: why it is in this state, in words, where the state alone does not say
    skipped_by: str | None = None  #: the branch or short circuit that skipped it, remembered on clear

    @property
    def key(self) -> TaskKey:
        """The task instance's name."""
        return TaskKey(self.dag_id, self.run_id, self.task_id, self.map_index)


class AttemptRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One ended try of a task instance, kept as history."""

    attempt_id: str
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    state: TaskState  #: what the try came to
    queued_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    hostname: str | None = None
    pid: int | None = None
    executor: str | None = None
    exit_code: int | None = None
    exit_signal: int | None = None
    peak_memory_bytes: int | None = None
    cpu_seconds: float | None = None
    reason: str | None = None

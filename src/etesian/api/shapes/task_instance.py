"""Requests and answers about task instances, their tries and their logs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from etesian.api.shapes.dag_run import AwareDatetime, Note
from etesian.api.shapes.dag_version import DagVersionResponse, dag_version_response
from etesian.api.shapes.duration import seconds_between
from etesian.lifecycle.records import AttemptRecord, DagRunRecord, TaskInstanceRecord
from etesian.lifecycle.state import TaskState
from etesian.store.queries.versions import VersionRecord


class TaskInstanceResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One task in one run. ``state`` is null while the task waits for its upstream tasks, as in Airflow."""

    id: str
    task_id: str
    dag_id: str
    dag_run_id: str
    map_index: int
    logical_date: datetime | None
    run_after: datetime
    start_date: datetime | None
    end_date: datetime | None
    duration: float | None
    state: str | None
    try_number: int
    max_tries: int
    task_display_name: str
    dag_display_name: str
    hostname: str | None
    unixname: str | None
    pool: str
    pool_slots: int
    queue: str | None
    priority_weight: int | None
    operator: str | None
    operator_name: str | None
    queued_when: datetime | None
    scheduled_when: datetime | None
    pid: int | None
    executor: str | None
    executor_config: str
    note: str | None
    reason: str | None
    rendered_map_index: str | None
    rendered_fields: msgspec.Raw
    trigger: None
    triggerer_job: None
    dag_version: DagVersionResponse | None  #: null when the version is gone


class TaskInstanceCollectionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One page of task instances."""

    task_instances: Sequence[TaskInstanceResponse]
    total_entries: int


class TryResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One try of a task instance, ended or under way."""

    task_id: str
    dag_id: str
    dag_run_id: str
    map_index: int
    start_date: datetime | None
    end_date: datetime | None
    duration: float | None
    state: str | None
    try_number: int
    max_tries: int
    task_display_name: str
    dag_display_name: str
    hostname: str | None
    unixname: str | None
    pool: str
    pool_slots: int
    queue: str | None
    priority_weight: int | None
    operator: str | None
    operator_name: str | None
    queued_when: datetime | None
    scheduled_when: datetime | None
    pid: int | None
    executor: str | None
    executor_config: str
    dag_version: None
    reason: str | None
    exit_code: int | None
    exit_signal: int | None
    peak_memory_bytes: int | None
    cpu_seconds: float | None


class TryCollectionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """All tries of a task instance."""

    task_instances: Sequence[TryResponse]
    total_entries: int


class LogMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a log."""

    timestamp: str | None = None
    event: str
    level: str | None = None
    logger: str | None = None
    error_detail: str | None = None


class LogResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a log."""

    content: Sequence[LogMessage]
    continuation_token: str | None


class ClearTaskInstancesBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which task instances to clear. As in Airflow, ``dry_run`` and ``only_failed`` are on by default."""

    dry_run: bool = True
    start_date: AwareDatetime | None = None
    end_date: AwareDatetime | None = None
    only_failed: bool = True
    only_running: bool = False
    reset_dag_runs: bool = True
    task_ids: Annotated[Sequence[str | tuple[str, int]], msgspec.Meta(max_length=10_000)] | None = None
    dag_run_id: str | None = None
    include_upstream: bool = False
    include_downstream: bool = False
    include_future: bool = False
    include_past: bool = False
    run_on_latest_version: bool | None = None  #: None: as the DAG says
    prevent_running_task: bool = False
    note: Note | None = None


class PatchTaskInstanceBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Declare what a task came to, or attach a note. What had failed below a mark goes on."""

    new_state: Literal["success", "failed", "skipped"] | None = None
    note: Note | msgspec.UnsetType | None = msgspec.UNSET
    include_upstream: bool = False
    include_downstream: bool = False
    include_future: bool = False
    include_past: bool = False


def task_instance_response(
    instance: TaskInstanceRecord,
    run: DagRunRecord,
    display_name: str | None = None,
    *,
    rendered_fields: bytes | None = None,
    version: VersionRecord | None = None,
) -> TaskInstanceResponse:
    """Return the answer for one task instance of a run."""
    return TaskInstanceResponse(
        id=str(instance.key),
        task_id=instance.task_id,
        dag_id=instance.dag_id,
        dag_run_id=instance.run_id,
        map_index=instance.map_index,
        logical_date=run.logical_date,
        run_after=run.run_after,
        start_date=instance.started_at,
        end_date=instance.ended_at,
        duration=seconds_between(instance.started_at, instance.ended_at),
        state=_shown_state(instance.state),
        try_number=instance.try_number,
        max_tries=instance.max_tries,
        task_display_name=display_name or instance.task_id,
        dag_display_name=instance.dag_id,
        hostname=instance.hostname,
        unixname=None,
        pool=instance.pool,
        pool_slots=instance.pool_slots,
        queue=instance.queue,
        priority_weight=instance.priority,
        operator=instance.operator,
        operator_name=instance.operator,
        queued_when=instance.queued_at,
        scheduled_when=instance.scheduled_at,
        pid=instance.pid,
        executor=instance.executor,
        executor_config="{}",
        note=instance.note,
        reason=instance.reason,
        rendered_map_index=instance.rendered_map_index,
        rendered_fields=msgspec.Raw(rendered_fields or b"{}"),
        trigger=None,
        triggerer_job=None,
        dag_version=None if version is None else dag_version_response(version),
    )


def try_response(
    attempt: AttemptRecord, instance: TaskInstanceRecord, display_name: str | None = None
) -> TryResponse:
    """Return the answer for one try of ``instance``."""
    return TryResponse(
        task_id=attempt.task_id,
        dag_id=attempt.dag_id,
        dag_run_id=attempt.run_id,
        map_index=attempt.map_index,
        start_date=attempt.started_at,
        end_date=attempt.ended_at,
        duration=seconds_between(attempt.started_at, attempt.ended_at),
        state=_shown_state(attempt.state),
        try_number=attempt.try_number,
        max_tries=instance.max_tries,
        task_display_name=display_name or attempt.task_id,
        dag_display_name=attempt.dag_id,
        hostname=attempt.hostname,
        unixname=None,
        pool=instance.pool,
        pool_slots=instance.pool_slots,
        queue=instance.queue,
        priority_weight=instance.priority,
        operator=instance.operator,
        operator_name=instance.operator,
        queued_when=attempt.queued_at,
        scheduled_when=None,
        pid=attempt.pid,
        executor=attempt.executor,
        executor_config="{}",
        dag_version=None,
        reason=attempt.reason,
        exit_code=attempt.exit_code,
        exit_signal=attempt.exit_signal,
        peak_memory_bytes=attempt.peak_memory_bytes,
        cpu_seconds=attempt.cpu_seconds,
    )


def _shown_state(state: TaskState) -> str | None:
    return None if state is TaskState.NONE else state.value

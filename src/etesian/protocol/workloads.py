"""What an executor hands to a worker."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeAlias

import msgspec

#: ``Resume.error`` when neither trigger nor person answered in time.
TIMED_OUT: Final = "timeout"


class RunContext(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a task may know of its DAG run."""

    dag_id: str
    run_id: str
    run_type: str
    run_after: datetime
    logical_date: datetime | None = None
    data_interval_start: datetime | None = None
    data_interval_end: datetime | None = None
    queued_at: datetime | None = None
    started_at: datetime | None = None
    conf: dict[str, object] = {}
    clear_number: int = 0
    triggered_by: str = "timetable"
    triggering_user: str | None = None
    note: str | None = None
    partition_key: str | None = None  #: the partition of data that the run is about
    partition_date: datetime | None = None  #: when the partition's period begins, if it is about one
    asset_events: tuple[dict[str, object], ...] = ()  #: the events that caused an asset-triggered run


class Resume(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a deferred task goes on."""

    method: str
    kwargs: bytes = b"{}"  #: JSON of the serialised arguments
    event: bytes | None = None  #: JSON of the trigger's event; None after a time-out
    error: str | None = None  #: the trigger failed or timed out: what to raise in the task
    question: bytes | None = None  #: JSON of what a person is asked; None once the wait is over


class RunTask(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="run_task"):
    """One attempt of one task instance."""

    attempt_id: str
    run: RunContext
    task_id: str
    map_index: int = -1
    try_number: int = 1
    max_tries: int = 0
    file: str  #: the DAG file, relative to its bundle
    bundle: str = "dags"
    bundle_version: str | None = None  #: whose files are read; None: the newest
    code_hash: str = ""  #: content hash of the file when it was parsed; a new hash means a new DAG host
    pool: str = "default_pool"
    queue: str = "default"
    priority: int = 1
    operator: str = ""
    execution_timeout_seconds: float | None = None
    isolation: str = "fork"  #: fork | spawn | inline
    run_as_user: str | None = None
    first_started_at: datetime | None = None  #: first look of a rescheduling sensor
    resume: Resume | None = None
    map_lengths: dict[
        str, int
    ] = {}  #: per mapped upstream task or input, its length when this task was expanded
    queued_at: datetime | None = None


class RunCallback(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="run_callback"
):
    """One callback of a task or a run, to be called at least once in a process of its own."""

    attempt_id: str  #: id of this piece of work, fenced like an attempt
    callback_id: str  #: stays the same over repetitions
    run: RunContext
    kind: str  #: execute | success | failure | retry | skipped | sla_miss | deadline
    task_id: str | None = None  #: None: the run's own callback
    map_index: int = -1
    try_number: int = 1
    max_tries: int = 0
    state: str = ""  #: state of the task instance or run that the callback is told of
    reason: str | None = None  #: what went wrong, in words
    error_type: str | None = None  #: qualified name of the exception that ended the try, if one did
    deadline: int = 0  #: of kind deadline: which of the DAG's deadlines was missed, counted from 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    file: str
    bundle: str = "dags"
    bundle_version: str | None = None
    code_hash: str = ""
    operator: str = ""


Workload: TypeAlias = RunTask | RunCallback

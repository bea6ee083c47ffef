"""What the core decides. The shell stores all decisions of a batch in one transaction, then carries out the rest."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import msgspec

from etesian.lifecycle.records import AttemptRecord, DagRunRecord, RunKey, TaskInstanceRecord, TaskKey
from etesian.protocol.reports import AssetEventReport, Finished
from etesian.protocol.workloads import RunCallback, RunTask
from etesian.spec.schedule import SchedulePoint


class _Decision(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of the decisions. They hold no cycles, so the garbage collector need not follow them."""


class SaveRun(_Decision, frozen=True, kw_only=True, gc=False):
    """Insert or update a run. ``is_new`` when the core created it."""

    run: DagRunRecord
    is_new: bool = False


class SaveTaskInstance(_Decision, frozen=True, kw_only=True, gc=False):
    """Insert or update a task instance."""

    task_instance: TaskInstanceRecord


class DeleteTaskInstances(_Decision, frozen=True, kw_only=True, gc=False):
    """Forget task instances (a mapped task that became shorter, a placeholder that was expanded)."""

    keys: tuple[TaskKey, ...]


class SaveAttempt(_Decision, frozen=True, kw_only=True, gc=False):
    """Add one ended try to the history."""

    attempt: AttemptRecord


class StoreReport(_Decision, frozen=True, kw_only=True, gc=False):
    """Store what an accepted report brought (XComs, rendered fields), and acknowledge it after the commit."""

    key: TaskKey
    report: Finished


class Acknowledge(_Decision, frozen=True, kw_only=True, gc=False):
    """A report needs no storing (stale or repeated): just acknowledge it."""

    attempt_id: str


class ClearXComs(_Decision, frozen=True, kw_only=True, gc=False):
    """Delete a task instance's XComs: a new try or a clear."""

    key: TaskKey


class Dispatch(_Decision, frozen=True, kw_only=True, gc=False):
    """Hand a workload to an executor, after the commit that made it ``queued``."""

    executor: str
    workload: RunTask | RunCallback


class AnswerClaim(_Decision, frozen=True, kw_only=True, gc=False):
    """Let a claimed attempt start, or refuse it, after the commit. It is for that claimant and no other."""

    attempt_id: str
    granted: bool
    reason: str | None = None
    hostname: str = ""  #: of the claimant
    pid: int | None = None


class StopAttempt(_Decision, frozen=True, kw_only=True, gc=False):
    """Ask the executor to end an attempt."""

    executor: str
    attempt_id: str
    reason: str


class StartTrigger(_Decision, frozen=True, kw_only=True, gc=False):
    """Store a trigger for the triggerer."""

    trigger_id: str
    key: TaskKey
    trigger_class: str
    trigger_kwargs: bytes
    timeout_at: datetime | None = None


class CancelTrigger(_Decision, frozen=True, kw_only=True, gc=False):
    """Its task no longer waits."""

    trigger_id: str


class SaveCallback(_Decision, frozen=True, kw_only=True, gc=False):
    """Keep a callback until it has run (at least once)."""

    callback: RunCallback


class ForgetCallback(_Decision, frozen=True, kw_only=True, gc=False):
    """It has run."""

    callback_id: str


class SaveNextRun(_Decision, frozen=True, kw_only=True, gc=False):
    """When the DAG's next run is due, for people to see; None: never."""

    dag_id: str
    point: SchedulePoint | None


class PauseDag(_Decision, frozen=True, kw_only=True, gc=False):
    """The DAG failed too often in a row, or a rule asks for it: pause it."""

    dag_id: str
    reason: str


class AskPast(_Decision, frozen=True, kw_only=True, gc=False):
    """Load the states of the newest run before ``before`` and tell ``PastKnown``."""

    run_key: RunKey
    before: datetime


class RecordAssetEvents(_Decision, frozen=True, kw_only=True, gc=False):
    """Store asset events."""

    source: TaskKey | None
    events: tuple[AssetEventReport, ...]
    origin: str = "task"  #: task | api | watcher


class AskAssetEvents(_Decision, frozen=True, kw_only=True, gc=False):
    """After the commit, load the events that these DAGs have not used yet, and tell ``AssetEventsKnown`` for each."""

    dag_ids: tuple[str, ...]


class ConsumeAssetEvents(_Decision, frozen=True, kw_only=True, gc=False):
    """These events have caused a run."""

    run_key: RunKey
    event_ids: tuple[int, ...]


class AskRun(_Decision, frozen=True, kw_only=True, gc=False):
    """After the commit, load a finished run and tell ``RunLoaded`` (or ``RunGone``): a backfill does it again."""

    run_key: RunKey


class CompleteBackfill(_Decision, frozen=True, kw_only=True, gc=False):
    """All runs of a backfill have ended, or it was cancelled and none is left."""

    backfill_id: str


class ForgetRun(_Decision, frozen=True, kw_only=True, gc=False):
    """Delete a run and all that belongs to it."""

    run_key: RunKey


class ForgetDag(_Decision, frozen=True, kw_only=True, gc=False):
    """Delete a DAG and all that belongs to it."""

    dag_id: str


Decision: TypeAlias = (
    SaveRun
    | SaveTaskInstance
    | DeleteTaskInstances
    | SaveAttempt
    | StoreReport
    | Acknowledge
    | ClearXComs
    | Dispatch
    | AnswerClaim
    | StopAttempt
    | StartTrigger
    | CancelTrigger
    | SaveCallback
    | ForgetCallback
    | SaveNextRun
    | PauseDag
    | AskPast
    | RecordAssetEvents
    | AskAssetEvents
    | ConsumeAssetEvents
    | AskRun
    | CompleteBackfill
    | ForgetRun
    | ForgetDag
)

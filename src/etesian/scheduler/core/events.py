"""What the core is told. Commands and reports of ``protocol`` are events too; these are the shell's own.

The shell turns commands that only name a row into events that carry it: ``SpecChanged`` becomes ``SpecUpdated``,
``RunRequested`` becomes ``RunAdded``, ``PoolsChanged`` becomes ``PoolsSet``.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import msgspec

from etesian.lifecycle.backfills import ExistingRun
from etesian.lifecycle.records import DagRunRecord, RunKey, TaskInstanceRecord
from etesian.lifecycle.state import TaskState
from etesian.protocol.commands import (
    AnswerInput,
    AssetsChanged,
    ChangeBackfill,
    ClearTasks,
    CreateBackfill,
    DagGone,
    DeleteDag,
    DeleteRun,
    MarkRun,
    MarkTasks,
    PauseChanged,
    SetNote,
    TriggerFired,
)
from etesian.protocol.reports import Claim, Finished
from etesian.protocol.requests import AssetEventItem
from etesian.protocol.workloads import RunCallback
from etesian.spec.dag import DagSpec
from etesian.spec.schedule import SchedulePoint


class _Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the shell's events."""


class SpecUpdated(_Event, frozen=True, kw_only=True):
    """A DAG is known, or has a new version. Also sent for every DAG when a leader starts."""

    spec: DagSpec
    version_hash: str
    code_hash: str
    bundle: str
    bundle_version: str | None = None
    is_paused: bool
    newest_point: SchedulePoint | None = None  #: of the newest scheduled run that exists; None: none yet
    #: logical dates after ``newest_point`` that runs of other types have: the schedule leaves them out
    taken_dates: frozenset[datetime] = frozenset()
    failed_in_a_row: int = 0  #: newest finished runs that failed, counted back from now
    #: seconds that the newest successful runs took, the newest first; for deadlines by the average runtime
    runtimes: tuple[float, ...] = ()


class RunAdded(_Event, frozen=True, kw_only=True):
    """A run was inserted, in state ``queued``, and waits for the core."""

    run: DagRunRecord


class RunLoaded(_Event, frozen=True, kw_only=True):
    """An unfinished run found by a new leader, or a finished one that a command is about to touch."""

    run: DagRunRecord
    spec: DagSpec  #: the version that the run has
    code_hash: str
    bundle: str
    bundle_version: str | None = None
    task_instances: tuple[TaskInstanceRecord, ...]
    #: (task_id, map_index, key) to length of each stored XCom that a mapped task may need; -1: a value without length
    xcom_lengths: dict[tuple[str, int, str], int] = {}
    asset_events: tuple[AssetEventItem, ...] = ()  #: that caused the run


class RunGone(_Event, frozen=True, kw_only=True):
    """The answer to ``AskRun`` when there is no such run any more."""

    run_key: RunKey


class PastKnown(_Event, frozen=True, kw_only=True):
    """The answer to ``AskPast``: states of the newest run before a logical date; empty when there is none."""

    run_key: RunKey  #: the run that asked
    past_run_id: str | None
    past_date: datetime | None = None  #: its logical date
    states: dict[str, TaskState]  #: by task_id; of a mapped task the worst


class PendingAssetEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One stored asset event that a DAG has not used yet."""

    event_id: int  #: grows with time
    item: AssetEventItem
    used_for: frozenset[str] = frozenset()  #: partitions of the DAG that it has caused a run of


class AssetEventsKnown(_Event, frozen=True, kw_only=True):
    """The answer to ``AskAssetEvents`` for one DAG: all events of its schedule's assets that caused none of its runs.

    The oldest first. Also sent when somebody else stored events (a watcher, the API) that concern the DAG.
    """

    dag_id: str
    events: tuple[PendingAssetEvent, ...]


class BackfillLoaded(_Event, frozen=True, kw_only=True):
    """A backfill that is not completed: just created, or found by a new leader after it has loaded the runs.

    ``existing`` are the DAG's runs with a logical date between the backfill's dates.
    """

    backfill: CreateBackfill
    is_paused: bool = False
    existing: tuple[ExistingRun, ...] = ()


class PoolsSet(_Event, frozen=True, kw_only=True):
    """All pools: name to slots and whether deferred tasks count. Slots of -1 means without limit."""

    pools: dict[str, tuple[int, bool]]


class AttemptsHeld(_Event, frozen=True, kw_only=True):
    """A worker's own list of its attempts, on connecting; others that it should hold are lost."""

    executor: str
    hostname: str
    attempt_ids: frozenset[str]
    is_only_worker: bool = False  #: the executor has no other, whatever its host was called before


class AttemptsLost(_Event, frozen=True, kw_only=True):
    """These attempts will not be heard of again."""

    attempt_ids: frozenset[str]
    reason: str


class XComPushed(_Event, frozen=True, kw_only=True):
    """A running attempt has stored a value."""

    attempt_id: str
    key: str
    length: int | None = None  #: of a list or dict; None: it has none


class CallbacksLoaded(_Event, frozen=True, kw_only=True):
    """Callbacks that a former leader saved and that have not run; a new leader sends them once."""

    callbacks: tuple[RunCallback, ...]


class CallbackDone(_Event, frozen=True, kw_only=True):
    """A callback has run, or is given up."""

    callback_id: str


class Tick(_Event, frozen=True, kw_only=True):
    """Time has passed; nothing else happened."""


Event: TypeAlias = (
    SpecUpdated
    | RunAdded
    | RunLoaded
    | RunGone
    | PastKnown
    | AssetEventsKnown
    | BackfillLoaded
    | PoolsSet
    | AttemptsHeld
    | AttemptsLost
    | CallbackDone
    | XComPushed
    | CallbacksLoaded
    | Tick
    | Claim
    | Finished
    | DagGone
    | PauseChanged
    | ClearTasks
    | MarkTasks
    | MarkRun
    | SetNote
    | DeleteRun
    | DeleteDag
    | TriggerFired
    | AssetsChanged
    | AnswerInput
    | CreateBackfill
    | ChangeBackfill
)

"""Where runs and task instances can be, and where they may go next. The values are the ones Airflow users know."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from etesian.foundation.errors import EtesianError


class RunState(StrEnum):
    """Where a DAG run is."""

    QUEUED = "queued"  #: waiting for one of the DAG's run slots
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether only a user's command leaves it."""
        return self in FINAL_RUN_STATES


class RunType(StrEnum):
    """Why a DAG run exists."""

    SCHEDULED = "scheduled"
    MANUAL = "manual"
    BACKFILL = "backfill"
    ASSET_TRIGGERED = "asset_triggered"
    OPERATOR_TRIGGERED = "operator_triggered"


class TaskState(StrEnum):
    """Where a task instance is; ``ALLOWED`` says where it may go next."""

    NONE = "none"  #: waiting for its upstream tasks
    SCHEDULED = "scheduled"  #: its trigger rule holds; waiting for a slot
    QUEUED = "queued"  #: handed to an executor, attempt not yet claimed
    RUNNING = "running"  #: a worker has claimed the attempt
    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"
    UPSTREAM_FAILED = "upstream_failed"  #: will not run, because an upstream task failed
    UP_FOR_RETRY = "up_for_retry"  #: failed; waits for its retry delay
    UP_FOR_RESCHEDULE = "up_for_reschedule"  #: a sensor that looks again later
    DEFERRED = "deferred"  #: a trigger waits on its behalf
    AWAITING_INPUT = "awaiting_input"  #: a person must answer
    RESTARTING = "restarting"  #: cleared while running; being stopped
    REMOVED = "removed"  #: its task is no longer in the DAG

    @property
    def is_final(self) -> bool:
        """Whether only a user's command leaves it."""
        return self in FINAL_TASK_STATES


FINAL_RUN_STATES: Final = frozenset({RunState.SUCCESS, RunState.FAILED})
FINAL_TASK_STATES: Final = frozenset(
    {TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED, TaskState.UPSTREAM_FAILED, TaskState.REMOVED}
)
#: States that hold a worker's slot.
OCCUPYING_STATES: Final = frozenset({TaskState.QUEUED, TaskState.RUNNING, TaskState.RESTARTING})

_S = TaskState
_DECIDED = frozenset({_S.SKIPPED, _S.UPSTREAM_FAILED, _S.REMOVED})
_MARKED = frozenset({_S.SUCCESS, _S.FAILED, _S.SKIPPED})
_CLEARED = frozenset({_S.NONE})

#: What may follow each state. A final state is left only by a clear (to none) or by a user's mark.
ALLOWED: Final[Mapping[TaskState, frozenset[TaskState]]] = {
    _S.NONE: frozenset({_S.SCHEDULED}) | _DECIDED | _MARKED,
    _S.SCHEDULED: frozenset({_S.QUEUED}) | _DECIDED | _MARKED | _CLEARED,
    _S.QUEUED: frozenset({_S.RUNNING, _S.SCHEDULED, _S.UP_FOR_RETRY, _S.RESTARTING, _S.REMOVED})
    | _MARKED
    | _CLEARED,
    _S.RUNNING: frozenset(
        {_S.UP_FOR_RETRY, _S.UP_FOR_RESCHEDULE, _S.DEFERRED, _S.AWAITING_INPUT, _S.RESTARTING, _S.REMOVED}
    )
    | _MARKED,
    _S.UP_FOR_RETRY: frozenset({_S.SCHEDULED}) | _DECIDED | _MARKED | _CLEARED,
    _S.UP_FOR_RESCHEDULE: frozenset({_S.SCHEDULED}) | _DECIDED | _MARKED | _CLEARED,
    _S.DEFERRED: frozenset({_S.SCHEDULED, _S.UP_FOR_RETRY}) | _DECIDED | _MARKED | _CLEARED,
    _S.AWAITING_INPUT: frozenset({_S.SCHEDULED, _S.UP_FOR_RETRY}) | _DECIDED | _MARKED | _CLEARED,
    _S.RESTARTING: _CLEARED | _MARKED | frozenset({_S.REMOVED}),
    _S.SUCCESS: _CLEARED | _MARKED | frozenset({_S.REMOVED}),
    _S.FAILED: _CLEARED | _MARKED | frozenset({_S.REMOVED}),
    _S.SKIPPED: _CLEARED | _MARKED | frozenset({_S.REMOVED}),
    _S.UPSTREAM_FAILED: _CLEARED | _MARKED | frozenset({_S.REMOVED}),
    _S.REMOVED: _CLEARED,
}


class IllegalTransitionError(EtesianError):
    """A task instance was to go where its state does not allow."""

    def __init__(self, what: str, old: TaskState, new: TaskState) -> None:
        allowed = ", ".join(sorted(ALLOWED[old]))
        super().__init__(f"task {what!r} cannot go from {old} to {new}; allowed: {allowed}")
        self.what, self.old, self.new = what, old, new


def check_transition(what: str, old: TaskState, new: TaskState) -> None:
    """Raise ``IllegalTransitionError`` if ``new`` may not follow ``old``."""
    if new not in ALLOWED[old]:
        raise IllegalTransitionError(what, old, new)

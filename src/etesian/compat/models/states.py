"""Airflow's state names. The values are ours; ``None`` is what Airflow calls a task that has no state yet."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import ClassVar, Final

from etesian.lifecycle.state import FINAL_TASK_STATES, RunState, RunType


class TaskInstanceState(StrEnum):
    """States of a task instance."""

    REMOVED = "removed"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    RESTARTING = "restarting"
    FAILED = "failed"
    UP_FOR_RETRY = "up_for_retry"
    UP_FOR_RESCHEDULE = "up_for_reschedule"
    UPSTREAM_FAILED = "upstream_failed"
    SKIPPED = "skipped"
    DEFERRED = "deferred"
    AWAITING_INPUT = "awaiting_input"


class TerminalTIState(StrEnum):
    """States that a task ends in."""

    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"
    UPSTREAM_FAILED = "upstream_failed"
    REMOVED = "removed"


DagRunState = RunState
DagRunType = RunType


class DagRunTriggeredByType(Enum):
    """Who made a run."""

    CLI = "cli"
    OPERATOR = "operator"
    REST_API = "rest_api"
    UI = "ui"
    TEST = "test"
    TIMETABLE = "timetable"
    ASSET = "asset"
    BACKFILL = "backfill"


_FINISHED: Final = frozenset(TaskInstanceState(state.value) for state in FINAL_TASK_STATES)


class State:
    """States of tasks and runs as one list of names."""

    SUCCESS = TaskInstanceState.SUCCESS
    RUNNING = TaskInstanceState.RUNNING
    FAILED = TaskInstanceState.FAILED
    NONE = None
    REMOVED = TaskInstanceState.REMOVED
    SCHEDULED = TaskInstanceState.SCHEDULED
    QUEUED = TaskInstanceState.QUEUED
    RESTARTING = TaskInstanceState.RESTARTING
    UP_FOR_RETRY = TaskInstanceState.UP_FOR_RETRY
    UP_FOR_RESCHEDULE = TaskInstanceState.UP_FOR_RESCHEDULE
    UPSTREAM_FAILED = TaskInstanceState.UPSTREAM_FAILED
    SKIPPED = TaskInstanceState.SKIPPED
    DEFERRED = TaskInstanceState.DEFERRED
    SHUTDOWN = "shutdown"

    finished: ClassVar = _FINISHED
    unfinished: ClassVar = frozenset({None, *TaskInstanceState} - _FINISHED)
    task_states: ClassVar = (None, *TaskInstanceState)
    dag_states: ClassVar = (RunState.QUEUED, RunState.SUCCESS, RunState.RUNNING, RunState.FAILED)
    failed_states: ClassVar = frozenset({TaskInstanceState.FAILED, TaskInstanceState.UPSTREAM_FAILED})
    success_states: ClassVar = frozenset({TaskInstanceState.SUCCESS, TaskInstanceState.SKIPPED})

    @classmethod
    def is_finished(cls, state: str | None) -> bool:
        """Whether a state is final."""
        return state in cls.finished

"""Stopping a run before its time: a time-out, a failed task under ``fail_fast``, a user's mark.

What becomes of its task instances is what Airflow makes of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from etesian.lifecycle.state import OCCUPYING_STATES, RunState, TaskState
from etesian.scheduler.core.attempts import stop_attempt
from etesian.scheduler.core.callbacks import send_task_callback
from etesian.scheduler.core.deferral import end_wait
from etesian.scheduler.core.memory import Instance, Memory, Run
from etesian.scheduler.core.moves import WAITING_OUTSIDE, move
from etesian.scheduler.core.outcomes import save_attempt
from etesian.scheduler.core.runs import end_run

#: The states of a try that has begun.
_UNDER_WAY: Final = OCCUPYING_STATES - {TaskState.QUEUED} | WAITING_OUTSIDE | {TaskState.UP_FOR_RESCHEDULE}


def time_out_run(memory: Memory, run: Run, now: datetime) -> None:
    """Fail a run that takes longer than its ``dagrun_timeout``. What is not finished is skipped."""
    if not run.is_running:
        return
    seconds = run.graph.spec.dagrun_timeout_seconds
    reason = f"the run took longer than {seconds:g} seconds"
    for instance in _list_unfinished(run):
        settle_instance(memory, instance, TaskState.SKIPPED, now, reason)
    end_run(memory, run, RunState.FAILED, now, reason=reason)


def fail_fast(memory: Memory, run: Run, task_id: str, now: datetime) -> None:
    """Fail what is running and skip what is not finished, but let teardowns clean up."""
    reason = f"{task_id!r} failed, and the DAG is to fail fast"
    for instance in _list_unfinished(run):
        if instance.node.task.spec.is_teardown:
            continue
        was_running = instance.state is TaskState.RUNNING
        settle_instance(memory, instance, TaskState.FAILED if was_running else TaskState.SKIPPED, now, reason)
        if was_running and "failure" in instance.node.task.callbacks:
            send_task_callback(memory, instance, "failure", now)


def halt_tasks(memory: Memory, run: Run, now: datetime, reason: str, *, with_teardowns: bool) -> None:
    """Fail the task instances that are under way, and skip those that have not begun."""
    for instance in _list_unfinished(run):
        if with_teardowns or not instance.node.task.spec.is_teardown:
            state = TaskState.FAILED if instance.state in _UNDER_WAY else TaskState.SKIPPED
            settle_instance(memory, instance, state, now, reason)


def _list_unfinished(run: Run) -> list[Instance]:
    return [instance for instance in run.instances() if not instance.state.is_final]


def settle_instance(memory: Memory, instance: Instance, state: TaskState, now: datetime, reason: str) -> None:
    """Give a task instance a final state, whatever it is doing; a running attempt is stopped."""
    if instance.state in OCCUPYING_STATES:
        stop_attempt(memory, instance, reason)
        save_attempt(memory, instance, state, now, reason=reason)
    end_wait(memory, instance)
    move(memory, instance, state, ended_at=now, wake_at=None, trigger_id=None, resume=None, reason=reason)

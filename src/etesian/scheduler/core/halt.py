"""Stopping a run before its time: a time-out, a failed task under ``fail_fast``, a user's mark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from etesian.lifecycle.state import OCCUPYING_STATES, RunState, TaskState
from etesian.scheduler.core.attempts import stop_attempt
from etesian.scheduler.core.callbacks import send_task_callback
from etesian.scheduler.core.deferral import end_wait
from etesian.scheduler.core.memory import Instance, Memory, Run
from etesian.scheduler.core.moves import WAITING_OUTSIDE, move
from etesian.scheduler.core.outcomes import save_attempt
from etesian.scheduler.core.runs import end_run
from etesian.scheduler.core.upstream import skip


def time_out_run(memory: Memory, run: Run, now: datetime) -> None:
    """Fail a run that takes longer than its ``dagrun_timeout``."""
    if not run.is_running:
        return
    seconds = run.graph.spec.dagrun_timeout_seconds
    reason = f"the run took longer than {seconds:g} seconds"
    halt_tasks(memory, run, now, reason)
    end_run(memory, run, RunState.FAILED, now, reason=reason)


def fail_fast(memory: Memory, run: Run, task_id: str, now: datetime) -> None:
    """Stop all that is not finished, but let teardowns clean up."""
    halt_tasks(
        memory,
        run,
        now,
        f"{task_id!r} failed, and the DAG is to fail fast",
        lambda it: not it.node.task.spec.is_teardown,
    )


def halt_tasks(
    memory: Memory, run: Run, now: datetime, reason: str, choose: Callable[[Instance], bool] = lambda _: True
) -> None:
    """Fail the chosen task instances that are under way, and skip those that have not begun."""
    for instance in list(run.instances()):
        if not instance.state.is_final and choose(instance):
            halt_instance(memory, instance, now, reason)


def halt_instance(memory: Memory, instance: Instance, now: datetime, reason: str) -> None:
    """Fail a task instance that is under way; skip one that has not begun."""
    if instance.state in OCCUPYING_STATES or instance.state in WAITING_OUTSIDE:
        settle_instance(memory, instance, TaskState.FAILED, now, reason)
        if "failure" in instance.node.task.callbacks:
            send_task_callback(memory, instance, "failure", now)
    else:
        end_wait(memory, instance)
        skip(memory, instance, now, reason)


def settle_instance(memory: Memory, instance: Instance, state: TaskState, now: datetime, reason: str) -> None:
    """Give a task instance a final state, whatever it is doing; a running attempt is stopped."""
    if instance.state in OCCUPYING_STATES:
        stop_attempt(memory, instance, reason)
        save_attempt(memory, instance, state, now, reason=reason)
    end_wait(memory, instance)
    move(memory, instance, state, ended_at=now, wake_at=None, trigger_id=None, resume=None, reason=reason)

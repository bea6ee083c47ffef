"""Which ready task instances are handed to executors now."""

from __future__ import annotations

from datetime import datetime

from etesian.lifecycle.state import TaskState
from etesian.scheduler.core.decisions import Dispatch
from etesian.scheduler.core.memory import Instance, Memory
from etesian.scheduler.core.moves import move
from etesian.scheduler.core.workloads import make_run_task


def choose_dispatches(memory: Memory, now: datetime) -> None:
    """Hand out ready task instances, the most urgent first, as long as there are slots for them.

    A task instance that finds an account full waits there and does not hold up those that need others.
    """
    ready = memory.ready
    while memory.parallelism.fits(1):
        offered = ready.pop()
        if offered is None:
            return
        lane, key, instance = offered
        full = ready.find_full(lane, key)
        if full is not None:
            ready.park(lane, key, full)
            continue
        ready.take_first(lane, instance)
        memory.parallelism.used += 1
        _open_attempt(memory, instance, now)


def _open_attempt(memory: Memory, instance: Instance, now: datetime) -> None:
    """Begin an attempt: from now on only its id can claim and report."""
    attempt_id = memory.ids.new_id(now)
    spec = instance.node.task.spec
    instance.dispatches += 1
    move(
        memory,
        instance,
        TaskState.QUEUED,
        attempt_id=attempt_id,
        executor=spec.executor or memory.settings.default_executor,
        queued_at=now,
        hostname=None,
        pid=None,
    )
    memory.attempts[attempt_id] = instance
    memory.unclaimed[attempt_id] = instance
    send_attempt(memory, instance)


def send_attempt(memory: Memory, instance: Instance) -> None:
    """Hand the open attempt to its executor, for the first time or once more."""
    executor = instance.record.executor or memory.settings.default_executor
    memory.decide(Dispatch(executor=executor, workload=make_run_task(instance)))

"""Callbacks: kept by the store until they have run, handed to workers like attempts, at least once each."""

from __future__ import annotations

from datetime import datetime

import msgspec

from etesian.protocol.reports import Failed, Finished
from etesian.protocol.workloads import RunCallback
from etesian.scheduler.core.decisions import Acknowledge, Dispatch, ForgetCallback, SaveCallback
from etesian.scheduler.core.memory import CallbackState, Instance, Memory, Run
from etesian.scheduler.core.workloads import make_run_callback, make_task_callback


def send_task_callback(
    memory: Memory, instance: Instance, kind: str, now: datetime, *, error_type: str | None = None
) -> None:
    """Let a task's callback be called; ``error_type`` names the exception that ended the try."""
    ids = memory.ids
    workload = make_task_callback(
        instance, kind, attempt_id=ids.new_id(now), callback_id=ids.new_id(now), error_type=error_type
    )
    _keep(memory, workload, instance.node.task.spec.executor)


def send_run_callback(memory: Memory, run: Run, kind: str, now: datetime, **changes: object) -> None:
    """Let a run's own callback be called; ``changes`` are fields of the message. One that waits already is enough."""
    ids = memory.ids
    workload = make_run_callback(run, kind, attempt_id=ids.new_id(now), callback_id=ids.new_id(now))
    workload = msgspec.structs.replace(workload, **changes)
    if workload.callback_id not in memory.callbacks:
        _keep(memory, workload, None)


def _keep(memory: Memory, workload: RunCallback, executor: str | None) -> None:
    memory.callbacks[workload.callback_id] = CallbackState(
        workload, executor or memory.settings.default_executor
    )
    memory.decide(SaveCallback(callback=workload))
    memory.undispatched_callbacks.append(workload.callback_id)


def load_callbacks(memory: Memory, callbacks: tuple[RunCallback, ...], now: datetime) -> None:
    """Take callbacks that a former leader left, and send them anew: nobody knows whether they have run."""
    for workload in callbacks:
        if workload.callback_id in memory.callbacks:
            continue
        anew = msgspec.structs.replace(workload, attempt_id=memory.ids.new_id(now))
        memory.callbacks[workload.callback_id] = CallbackState(anew, memory.settings.default_executor)
        memory.undispatched_callbacks.append(workload.callback_id)


def dispatch_callbacks(memory: Memory) -> None:
    """Hand out waiting callbacks, the oldest first, as many as may run at one time."""
    waiting = memory.undispatched_callbacks
    while waiting and len(memory.callback_attempts) < memory.settings.callback_parallelism:
        callback = memory.callbacks.get(waiting.popleft())
        if callback is None:
            continue
        callback.attempts += 1
        memory.callback_attempts[callback.workload.attempt_id] = callback
        memory.decide(Dispatch(executor=callback.executor, workload=callback.workload))


def finish_callback(memory: Memory, callback: CallbackState, report: Finished, now: datetime) -> None:
    """A callback's process has ended. One that raised has run all the same; one that was lost is tried again."""
    memory.decide(Acknowledge(attempt_id=report.attempt_id))
    outcome = report.outcome
    if isinstance(outcome, Failed) and outcome.cause in {
        "lost",
        "not_started",
        "killed",
        "stopped",
        "out_of_memory",
    }:
        lose_callback(memory, callback, now)
    else:
        forget_callback(memory, callback.workload.callback_id)


def lose_callback(memory: Memory, callback: CallbackState, now: datetime) -> None:
    """A callback's process is gone: try again, up to a bound."""
    old = callback.workload
    memory.callback_attempts.pop(old.attempt_id, None)
    if callback.attempts >= memory.settings.max_callback_attempts:
        forget_callback(memory, old.callback_id)
        return
    callback.claimed_by = None
    callback.workload = msgspec.structs.replace(old, attempt_id=memory.ids.new_id(now))
    memory.decide(SaveCallback(callback=callback.workload))
    memory.undispatched_callbacks.append(old.callback_id)


def forget_callback(memory: Memory, callback_id: str) -> None:
    """A callback has run, or is given up."""
    callback = memory.callbacks.pop(callback_id, None)
    if callback is not None:
        memory.callback_attempts.pop(callback.workload.attempt_id, None)
        memory.decide(ForgetCallback(callback_id=callback_id))


def drop_callbacks(memory: Memory, run: Run) -> None:
    """A run is deleted, and with it its callbacks."""
    own = [
        each
        for each in memory.callbacks.values()
        if (each.workload.run.dag_id, each.workload.run.run_id) == run.key
    ]
    for callback in own:
        del memory.callbacks[callback.workload.callback_id]
        memory.callback_attempts.pop(callback.workload.attempt_id, None)

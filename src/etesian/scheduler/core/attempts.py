"""How an attempt ends that nobody reports on properly: lost, never claimed, or too long under way."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

from etesian.lifecycle.state import OCCUPYING_STATES, TaskState
from etesian.protocol.reports import Failed
from etesian.scheduler.core.callbacks import lose_callback
from etesian.scheduler.core.decisions import Dispatch, StopAttempt
from etesian.scheduler.core.dispatch import send_attempt
from etesian.scheduler.core.events import AttemptsHeld, AttemptsLost
from etesian.scheduler.core.lanes import make_ready
from etesian.scheduler.core.memory import CallbackState, Instance, Memory
from etesian.scheduler.core.outcomes import fail_attempt


def reconcile_held(memory: Memory, event: AttemptsHeld, now: datetime) -> None:
    """Compare a worker's own list with ours.

    What it should run but does not have is lost. What waits for a worker of its executor is sent once more, as
    the message may have been lost; the claim sees to it that it starts once. What it has but should not is
    stopped; what was cleared while it ran is told so again, for the same reason.
    """
    held = event.attempt_ids
    for attempt_id, instance in list(memory.attempts.items()):
        if instance.record.executor == event.executor:
            if attempt_id not in held:
                _miss_task(memory, instance, event, now)
            elif instance.state is TaskState.RESTARTING:
                stop_attempt(memory, instance, "cleared")
    for attempt_id, callback in list(memory.callback_attempts.items()):
        if callback.executor == event.executor and attempt_id not in held:
            _miss_callback(memory, callback, event, now)
    for attempt_id in sorted(held - memory.attempts.keys() - memory.callback_attempts.keys()):
        reason = "the attempt is over"
        memory.decide(StopAttempt(executor=event.executor, attempt_id=attempt_id, reason=reason))


def _miss_task(memory: Memory, instance: Instance, event: AttemptsHeld, now: datetime) -> None:
    record = instance.record
    if record.state is TaskState.QUEUED and record.attempt_id is not None:
        memory.to_resend.add(record.attempt_id)
    elif event.is_only_worker or record.hostname == event.hostname:
        lose_attempt(memory, instance, "its worker does not know of it any more", now)


def _miss_callback(memory: Memory, callback: CallbackState, event: AttemptsHeld, now: datetime) -> None:
    if callback.claimed_by is None:
        memory.to_resend.add(callback.workload.attempt_id)
    elif event.is_only_worker or callback.claimed_by[0] == event.hostname:
        lose_callback(memory, callback, now)


def resend_attempts(memory: Memory) -> None:
    """Send attempts once more that a worker did not name, if they are still unclaimed after the batch."""
    for attempt_id in sorted(memory.to_resend):
        instance = memory.unclaimed.get(attempt_id)
        callback = memory.callback_attempts.get(attempt_id)
        if instance is not None:
            send_attempt(memory, instance)
        elif callback is not None and callback.claimed_by is None:
            memory.decide(Dispatch(executor=callback.executor, workload=callback.workload))
    memory.to_resend.clear()


def take_losses(memory: Memory, event: AttemptsLost, now: datetime) -> None:
    """End attempts that will not be heard of again."""
    for attempt_id in sorted(event.attempt_ids):
        instance = memory.attempts.get(attempt_id)
        if instance is not None:
            lose_attempt(memory, instance, event.reason, now)
        elif (callback := memory.callback_attempts.get(attempt_id)) is not None:
            lose_callback(memory, callback, now)


def lose_attempt(memory: Memory, instance: Instance, reason: str, now: datetime) -> None:
    """End one attempt without a report. If it never began, it costs no try."""
    if instance.record.state is TaskState.QUEUED:
        dispatch_again(memory, instance, reason, now)
    else:
        fail_attempt(memory, instance, Failed(reason=reason, cause="lost"), now)


def dispatch_again(memory: Memory, instance: Instance, reason: str, now: datetime) -> None:
    """Withdraw an attempt that did not begin and line up for a new one; after a few times the try has failed."""
    if instance.dispatches >= memory.settings.max_dispatches:
        text = f"not started after it was dispatched {instance.dispatches} times: {reason}"
        fail_attempt(memory, instance, Failed(reason=text, cause="not_started"), now)
    else:
        make_ready(memory, instance, now, is_new_try=False)
        memory.doubted.append(instance.node)  # what is above may have been cleared since the first time


def expire_unclaimed(memory: Memory, now: datetime) -> None:
    """Withdraw attempts that no worker claimed in time."""
    while (due := unclaimed_due_at(memory)) is not None and due <= now:
        attempt_id, instance = next(iter(memory.unclaimed.items()))
        stop_attempt(memory, instance, "not claimed in time")
        seconds = memory.settings.queued_timeout.total_seconds()
        dispatch_again(memory, instance, f"no worker claimed it within {seconds:g} seconds", now)
        memory.unclaimed.pop(attempt_id, None)


def unclaimed_due_at(memory: Memory) -> datetime | None:
    """Return when the oldest unclaimed attempt expires."""
    if not memory.is_unclaimed_sorted:
        unclaimed = sorted(
            memory.unclaimed.items(), key=lambda item: (str(item[1].record.queued_at), item[0])
        )
        memory.unclaimed = OrderedDict(unclaimed)
        memory.is_unclaimed_sorted = True
    for instance in memory.unclaimed.values():
        queued_at = instance.record.queued_at
        if queued_at is not None:
            return queued_at + memory.settings.queued_timeout
    return None


def end_overdue(memory: Memory, instance: Instance, now: datetime) -> None:
    """Fail an attempt that its worker should have stopped long ago."""
    if instance.state is TaskState.RUNNING:
        seconds = instance.node.task.spec.execution_timeout_seconds
        stop_attempt(memory, instance, "execution time-out")
        fail_attempt(
            memory, instance, Failed(reason=f"ran longer than {seconds:g} seconds", cause="timeout"), now
        )


def stop_attempt(memory: Memory, instance: Instance, reason: str) -> None:
    """Ask the executor to end an open attempt."""
    record = instance.record
    if record.state in OCCUPYING_STATES and record.attempt_id is not None and record.executor is not None:
        memory.decide(StopAttempt(executor=record.executor, attempt_id=record.attempt_id, reason=reason))

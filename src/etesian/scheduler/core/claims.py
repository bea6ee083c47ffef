"""An attempt starts at most once: the first claim is granted, any other is refused."""

from __future__ import annotations

from datetime import datetime

from etesian.lifecycle.state import TaskState
from etesian.protocol.reports import Claim
from etesian.scheduler.core.decisions import AnswerClaim
from etesian.scheduler.core.memory import CallbackState, Instance, Memory
from etesian.scheduler.core.moments import wait_of
from etesian.scheduler.core.moves import move
from etesian.scheduler.core.timers import TimerKind


def answer_claim(memory: Memory, claim: Claim, now: datetime) -> None:
    """Let a worker start an attempt, or refuse.

    A worker that did not get the answer asks again: the same host and process get the same answer.
    """
    instance = memory.attempts.get(claim.attempt_id)
    if instance is None:
        callback = memory.callback_attempts.get(claim.attempt_id)
        reason = "the attempt is over" if callback is None else _claim_callback(callback, claim)
    else:
        reason = _claim_task(memory, instance, claim, now)
    memory.decide(
        AnswerClaim(
            attempt_id=claim.attempt_id,
            granted=reason is None,
            reason=reason,
            hostname=claim.hostname,
            pid=claim.pid,
        )
    )


def _claim_task(memory: Memory, instance: Instance, claim: Claim, now: datetime) -> str | None:
    record = instance.record
    if record.state is TaskState.QUEUED:
        start_attempt(memory, instance, now, hostname=claim.hostname, pid=claim.pid)
        return None
    if record.state is not TaskState.RUNNING:
        return f"the task instance is {record.state}"
    if claim.pid is not None and (record.hostname, record.pid) == (claim.hostname, claim.pid):
        return None
    return f"the attempt was claimed by {record.hostname}, process {record.pid}"


def _claim_callback(callback: CallbackState, claim: Claim) -> str | None:
    claimant = (claim.hostname, claim.pid)
    if callback.claimed_by is None:
        callback.claimed_by = claimant
    elif claim.pid is None or callback.claimed_by != claimant:
        return "the callback was claimed by another process"
    return None


def start_attempt(
    memory: Memory, instance: Instance, now: datetime, *, hostname: str | None, pid: int | None
) -> None:
    """Let a queued attempt run. A task that was deferred goes on, so its start stays what it was."""
    record = instance.record
    goes_on = record.resume is not None and record.started_at is not None
    assert record.attempt_id is not None, "a queued task instance has an attempt"
    del memory.unclaimed[record.attempt_id]
    instance.dispatches = 0
    move(
        memory,
        instance,
        TaskState.RUNNING,
        hostname=hostname,
        pid=pid,
        started_at=record.started_at if goes_on else now,
    )
    watch_attempt(memory, instance)


def watch_attempt(memory: Memory, instance: Instance) -> None:
    """Set the timer that ends a running attempt if its worker does not."""
    record, timeout = instance.record, instance.node.task.spec.execution_timeout_seconds
    if timeout is None:
        return
    started_at = record.started_at
    if record.resume is not None and record.queued_at is not None:
        # It started before it was deferred; this attempt began when it was claimed, at the latest when it would
        # have been withdrawn.
        started_at = record.queued_at + memory.settings.queued_timeout
    if started_at is not None:
        due_at = started_at + wait_of(timeout) + memory.settings.execution_timeout_grace
        memory.timers.set(TimerKind.OVERDUE, instance, due_at)

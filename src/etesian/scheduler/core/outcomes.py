"""What a finished attempt means for its task instance."""

from __future__ import annotations

from datetime import datetime

from etesian.lifecycle.records import AttemptRecord
from etesian.lifecycle.retries import compute_retry_delay, may_retry
from etesian.lifecycle.state import TaskState
from etesian.protocol.reports import Deferred, Failed, Finished, Outcome, Rescheduled, Skipped, Succeeded
from etesian.scheduler.core.assets import record_events
from etesian.scheduler.core.callbacks import finish_callback, send_task_callback
from etesian.scheduler.core.claims import start_attempt
from etesian.scheduler.core.decisions import Acknowledge, SaveAttempt, StoreReport
from etesian.scheduler.core.deferral import defer
from etesian.scheduler.core.events import XComPushed
from etesian.scheduler.core.memory import Instance, Memory
from etesian.scheduler.core.moments import as_utc, wait_of
from etesian.scheduler.core.moves import FRESH, move
from etesian.scheduler.core.timers import TimerKind
from etesian.scheduler.core.upstream import skip


def take_report(memory: Memory, report: Finished, now: datetime) -> None:
    """End an attempt as its worker reports. A report that is repeated or too late is only acknowledged."""
    instance = memory.attempts.get(report.attempt_id)
    if instance is not None:
        _take_task_report(memory, instance, report, now)
        return
    callback = memory.callback_attempts.get(report.attempt_id)
    if callback is None:
        memory.decide(Acknowledge(attempt_id=report.attempt_id))
    else:
        finish_callback(memory, callback, report, now)


def _take_task_report(memory: Memory, instance: Instance, report: Finished, now: datetime) -> None:
    outcome = report.outcome
    if instance.state is TaskState.QUEUED and not isinstance(outcome, Failed):
        # The claim was granted but not stored (a power cut); the report proves that it was.
        start_attempt(memory, instance, now, hostname=None, pid=None)
    memory.decide(StoreReport(key=instance.record.key, report=report))
    if report.rendered_map_index is not None:
        memory.update(instance, rendered_map_index=report.rendered_map_index)
    if instance.state is TaskState.RESTARTING:
        _restart(memory, instance, report, now)
    else:
        _follow(memory, instance, report, outcome, now)


def _follow(memory: Memory, instance: Instance, report: Finished, outcome: Outcome, now: datetime) -> None:
    match outcome:
        case Succeeded():
            _succeed(memory, instance, report, outcome, now)
        case Skipped():
            _finish(memory, instance, TaskState.SKIPPED, now, report=report, reason=outcome.reason)
        case Failed():
            fail_attempt(memory, instance, outcome, now, report=report)
        case Rescheduled():
            _look_later(memory, instance, as_utc(outcome.at, now))
        case Deferred():
            defer(memory, instance, outcome, now)


def fail_attempt(
    memory: Memory, instance: Instance, outcome: Failed, now: datetime, *, report: Finished | None = None
) -> None:
    """End an attempt that failed: another try follows if one is left and the failure allows it."""
    record, spec = instance.record, instance.node.task.spec
    if record.state is TaskState.RESTARTING:
        _restart(memory, instance, report, now)
        return
    if not outcome.retry or not may_retry(record.try_number, record.max_tries):
        _finish(
            memory,
            instance,
            TaskState.FAILED,
            now,
            report=report,
            reason=outcome.reason,
            error_type=outcome.error_type,
        )
        return
    seconds = outcome.retry_delay_seconds
    if seconds is None:
        failed_tries = record.try_number - (record.max_tries - spec.retries)
        seconds = compute_retry_delay(spec, failed_tries)
    wake_at = now + wait_of(seconds)
    ended_at = _ended_at(instance, report, now)
    save_attempt(memory, instance, TaskState.FAILED, ended_at, reason=outcome.reason, report=report)
    move(
        memory,
        instance,
        TaskState.UP_FOR_RETRY,
        ended_at=ended_at,
        wake_at=wake_at,
        reason=outcome.reason,
        resume=None,
        first_started_at=None,
    )
    memory.timers.set(TimerKind.WAKE, instance, wake_at)
    if "retry" in instance.node.task.callbacks:
        send_task_callback(memory, instance, "retry", now, error_type=outcome.error_type)


def _succeed(memory: Memory, instance: Instance, report: Finished, outcome: Succeeded, now: datetime) -> None:
    _note_lengths(instance, outcome)
    for task_id in outcome.skip:
        _skip_for_branch(memory, instance, task_id, now)
    _finish(memory, instance, TaskState.SUCCESS, now, report=report)
    if outcome.asset_events:
        record_events(memory, instance.record.key, outcome.asset_events, "task")


def note_pushed(memory: Memory, event: XComPushed) -> None:
    """Take a value that an attempt pushed while it runs: it counts if the task comes to success."""
    instance = memory.attempts.get(event.attempt_id)
    if instance is not None:
        _note_length(instance, event.key, event.length)


def _note_lengths(instance: Instance, outcome: Succeeded) -> None:
    """Remember the lengths of pushed values: they decide how often tasks that are mapped over them run."""
    for value in outcome.xcoms:
        _note_length(instance, value.key, value.length)


def _note_length(instance: Instance, key: str, length: int | None) -> None:
    record = instance.record
    # Of the many instances of a mapped task only if they are needed; others may be, in a newer version.
    if record.map_index < 0 or instance.node.task.feeds:
        of_task = instance.node.run.lengths.setdefault((record.task_id, record.map_index), {})
        of_task[key] = -1 if length is None else length


def _skip_for_branch(memory: Memory, branch: Instance, task_id: str, now: datetime) -> None:
    """Skip what a branch did not choose; within a mapped group only at the branch's own map index."""
    node = branch.node.run.node(task_id)
    if node is None:
        return
    expansion = branch.node.task.expansion
    if expansion is not None and node.task.expansion is expansion:
        own = node.instances.get(branch.record.map_index)
        chosen = [] if own is None else [own]
    else:
        chosen = list(node.instances.values())
    for instance in chosen:
        if instance.state in {TaskState.NONE, TaskState.SCHEDULED}:
            memory.update(instance, skipped_by=branch.record.task_id)
            skip(memory, instance, now, f"skipped by {branch.record.task_id!r}")


def _finish(
    memory: Memory,
    instance: Instance,
    state: TaskState,
    now: datetime,
    *,
    report: Finished | None,
    reason: str | None = None,
    error_type: str | None = None,
) -> None:
    """Give a task instance that ran its final state."""
    ended_at = _ended_at(instance, report, now)
    save_attempt(memory, instance, state, ended_at, reason=reason, report=report)
    move(memory, instance, state, ended_at=ended_at, reason=reason, resume=None, wake_at=None)
    kind = {TaskState.SUCCESS: "success", TaskState.FAILED: "failure", TaskState.SKIPPED: "skipped"}[state]
    if kind in instance.node.task.callbacks:
        send_task_callback(memory, instance, kind, now, error_type=error_type)
    if state is TaskState.FAILED and instance.node.run.graph.spec.fail_fast:
        memory.failed_fast[instance.node.run] = instance.record.task_id


def _look_later(memory: Memory, instance: Instance, wake_at: datetime) -> None:
    record = instance.record
    move(
        memory,
        instance,
        TaskState.UP_FOR_RESCHEDULE,
        wake_at=wake_at,
        first_started_at=record.first_started_at or record.started_at,
    )
    memory.timers.set(TimerKind.WAKE, instance, wake_at)


def _restart(memory: Memory, instance: Instance, report: Finished | None, now: datetime) -> None:
    """A task that was cleared while it ran has stopped: it begins anew."""
    ended_at = _ended_at(instance, report, now)
    save_attempt(memory, instance, TaskState.FAILED, ended_at, reason="cleared while it ran", report=report)
    move(memory, instance, TaskState.NONE, **FRESH)


def save_attempt(
    memory: Memory,
    instance: Instance,
    state: TaskState,
    ended_at: datetime,
    *,
    reason: str | None = None,
    report: Finished | None = None,
) -> None:
    """Add the try that ends now to the task instance's history."""
    record = instance.record
    usage = report.usage if report is not None else None
    assert record.attempt_id is not None, "a try that ends has an attempt"
    memory.decide(
        SaveAttempt(
            attempt=AttemptRecord(
                attempt_id=record.attempt_id,
                dag_id=record.dag_id,
                run_id=record.run_id,
                task_id=record.task_id,
                map_index=record.map_index,
                try_number=record.try_number,
                state=state,
                queued_at=record.queued_at,
                started_at=record.started_at,
                ended_at=ended_at,
                hostname=record.hostname,
                pid=record.pid,
                executor=record.executor,
                exit_code=usage.exit_code if usage is not None else None,
                exit_signal=usage.exit_signal if usage is not None else None,
                peak_memory_bytes=usage.peak_memory_bytes if usage is not None else None,
                cpu_seconds=usage.cpu_seconds if usage is not None else None,
                reason=reason,
            )
        )
    )


def _ended_at(instance: Instance, report: Finished | None, now: datetime) -> datetime:
    """Return when the attempt ended by its worker's clock, as far as that agrees with ours."""
    if report is None or report.ended_at is None:
        return now
    return min(max(as_utc(report.ended_at, now), instance.record.started_at or now), now)

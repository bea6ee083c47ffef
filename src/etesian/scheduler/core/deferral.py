"""Task instances that are away: deferred to a trigger, waiting for a person, or due for another look or try."""

from __future__ import annotations

from datetime import datetime

import msgspec

from etesian.lifecycle.records import TaskKey
from etesian.lifecycle.state import TaskState
from etesian.lifecycle.trigger_rules import Verdict
from etesian.protocol.commands import AnswerInput, TriggerFired
from etesian.protocol.reports import Deferred
from etesian.protocol.workloads import TIMED_OUT, Resume
from etesian.scheduler.core.decisions import CancelTrigger, StartTrigger
from etesian.scheduler.core.lanes import make_ready
from etesian.scheduler.core.memory import Instance, Memory
from etesian.scheduler.core.moments import as_utc
from etesian.scheduler.core.moves import FRESH, WAITING_OUTSIDE, move
from etesian.scheduler.core.timers import TimerKind
from etesian.scheduler.core.upstream import judge
from etesian.scheduler.core.workloads import decode_resume, encode_resume


def defer(memory: Memory, instance: Instance, outcome: Deferred, now: datetime) -> None:
    """Let a trigger, or a person, wait on behalf of a task whose process has ended."""
    timeout_at = None if outcome.timeout_at is None else as_utc(outcome.timeout_at, now)
    is_question = outcome.awaiting_input is not None
    trigger_id = memory.ids.new_id(now) if outcome.trigger_class else None
    move(
        memory,
        instance,
        TaskState.AWAITING_INPUT if is_question else TaskState.DEFERRED,
        trigger_id=trigger_id,
        wake_at=timeout_at,
        resume=encode_resume(
            Resume(method=outcome.method, kwargs=outcome.kwargs, question=outcome.awaiting_input)
        ),
    )
    if trigger_id is not None:
        memory.triggers[trigger_id] = instance
        memory.decide(
            StartTrigger(
                trigger_id=trigger_id,
                key=instance.record.key,
                trigger_class=outcome.trigger_class,
                trigger_kwargs=outcome.trigger_kwargs,
                timeout_at=timeout_at,
            )
        )
    if timeout_at is not None:
        memory.timers.set(TimerKind.WAKE, instance, timeout_at)


def take_trigger_event(memory: Memory, event: TriggerFired, now: datetime) -> None:
    """Let a deferred task go on with its trigger's event. A trigger that nobody waits for is ignored."""
    instance = memory.triggers.get(event.trigger_id)
    if instance is not None and instance.state in WAITING_OUTSIDE:
        _resume(memory, instance, now, event=event.event, error=event.error)


def take_answer(memory: Memory, answer: AnswerInput, now: datetime) -> None:
    """Let a task go on with a person's answer. The first answer counts."""
    instance = memory.find(TaskKey(answer.dag_id, answer.run_id, answer.task_id, answer.map_index))
    if instance is None or instance.state is not TaskState.AWAITING_INPUT:
        return
    event = msgspec.json.encode(
        {"chosen_options": answer.chosen, "params_input": answer.params, "responded_by_user": answer.user}
    )
    _resume(memory, instance, now, event=event)


def wake(memory: Memory, instance: Instance, now: datetime) -> None:
    """Do what a task instance's timer was set for: try again, look again, or give up waiting."""
    match instance.state:
        case TaskState.UP_FOR_RETRY:
            _go_on(memory, instance, now, is_new_try=True)
        case TaskState.UP_FOR_RESCHEDULE:
            _go_on(memory, instance, now, is_new_try=False)
        case TaskState.DEFERRED | TaskState.AWAITING_INPUT:
            _resume(memory, instance, now, error=TIMED_OUT)


def _go_on(memory: Memory, instance: Instance, now: datetime, *, is_new_try: bool) -> None:
    """Line up again, if the tasks above have not been cleared meanwhile; else wait for them once more."""
    if not instance.node.run.is_running:
        return
    if judge(instance.node, instance) is Verdict.RUN:
        make_ready(memory, instance, now, is_new_try=is_new_try)
    else:
        move(memory, instance, TaskState.NONE, **FRESH)


def _resume(
    memory: Memory, instance: Instance, now: datetime, *, event: bytes | None = None, error: str | None = None
) -> None:
    record = instance.record
    resume = decode_resume(record.resume) if record.resume is not None else Resume(method="execute")
    end_wait(memory, instance, is_trigger_done=error is None)
    resumed = msgspec.structs.replace(resume, event=event, error=error, question=None)
    memory.update(instance, resume=encode_resume(resumed), trigger_id=None)
    make_ready(memory, instance, now, is_new_try=False)


def end_wait(memory: Memory, instance: Instance, *, is_trigger_done: bool = False) -> None:
    """Cancel what a task instance waits for: its timer and its trigger."""
    memory.timers.cancel(TimerKind.WAKE, instance)
    trigger_id = instance.record.trigger_id
    if trigger_id is not None and memory.triggers.pop(trigger_id, None) is not None and not is_trigger_done:
        memory.decide(CancelTrigger(trigger_id=trigger_id))

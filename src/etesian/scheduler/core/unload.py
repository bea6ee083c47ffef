"""Taking a run's task instances out of every list and account, without changing their records."""

from __future__ import annotations

from etesian.lifecycle.records import TaskInstanceRecord
from etesian.lifecycle.state import OCCUPYING_STATES, TaskState
from etesian.scheduler.core.memory import Instance, Memory, Run
from etesian.scheduler.core.moves import WAITING_OUTSIDE, close_attempt, stop_waiting_outside
from etesian.scheduler.core.timers import TimerKind


def unload_instances(memory: Memory, run: Run) -> list[TaskInstanceRecord]:
    """Empty a run and return the records of its task instances. What the batch had changed must be saved anew."""
    records = []
    for instance in run.instances():
        records.append(instance.record)
        _unload(memory, instance)
    for node in run.nodes:
        node.instances.clear()
        node.waiting = node.unfinished = 0  # whoever still means to look at it finds nothing to do
    run.nodes = []
    run.lanes = {}
    run.unfinished = run.failed_leaves = 0
    return records


def _unload(memory: Memory, instance: Instance) -> None:
    state = instance.state
    memory.changed_instances.pop(instance, None)
    memory.timers.cancel(TimerKind.WAKE, instance)
    memory.timers.cancel(TimerKind.OVERDUE, instance)
    if state in OCCUPYING_STATES:
        close_attempt(memory, instance)
    elif state in WAITING_OUTSIDE:
        stop_waiting_outside(memory, instance)
        memory.triggers.pop(instance.record.trigger_id or "", None)
    elif state is TaskState.SCHEDULED and instance.lane is not None:
        memory.ready.remove(instance.lane, instance)

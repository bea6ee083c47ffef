"""Task instances as the store has them become task instances in memory: in line, with an executor, asleep or away."""

from __future__ import annotations

from collections.abc import Sequence

from etesian.lifecycle.records import TaskInstanceRecord
from etesian.lifecycle.state import OCCUPYING_STATES, TaskState
from etesian.scheduler.core.claims import watch_attempt
from etesian.scheduler.core.expand import measure
from etesian.scheduler.core.lanes import find_lane, join_lane
from etesian.scheduler.core.memory import Instance, Memory, Node, Run
from etesian.scheduler.core.moves import WAITING_OUTSIDE, add_instance
from etesian.scheduler.core.runs import make_record
from etesian.scheduler.core.timers import TimerKind


def load_instances(memory: Memory, run: Run, records: Sequence[TaskInstanceRecord]) -> None:
    """Give the run its task instances. A task that has none, or only removed ones, gets one that has not begun."""
    run.nodes = [Node(run, task) for task in run.graph.tasks]
    by_task: dict[str, list[TaskInstanceRecord]] = {}
    for record in records:
        by_task.setdefault(record.task_id, []).append(record)
    for node in run.nodes:
        stored = by_task.get(node.task.task_id, [])
        if all(record.state is TaskState.REMOVED for record in stored):
            stored = [record for record in stored if record.map_index >= 0]
            instance = add_instance(memory, node, make_record(run.record, node.task))
            memory.changed_instances[instance] = None
        for record in sorted(stored, key=lambda found: found.map_index):
            _take_up(memory, add_instance(memory, node, record))
    for expansion in run.graph.expansions.values():
        run.map_lengths[expansion.name] = measure(run, expansion)


def _take_up(memory: Memory, instance: Instance) -> None:
    """Take a task instance up where it was: in line, with an executor, asleep, or waiting for a trigger."""
    record = instance.record
    if record.state in OCCUPYING_STATES:
        _hold(memory, instance)
    elif record.state is TaskState.SCHEDULED:
        join_lane(memory, instance)
    elif record.state in WAITING_OUTSIDE:
        _wait(memory, instance)
    if record.wake_at is not None and not record.state.is_final:
        memory.timers.set(TimerKind.WAKE, instance, record.wake_at)


def _hold(memory: Memory, instance: Instance) -> None:
    record = instance.record
    instance.lane = find_lane(memory, instance)
    instance.lane.take()
    memory.parallelism.used += 1
    if record.attempt_id is None:
        return
    memory.attempts[record.attempt_id] = instance
    if record.state is TaskState.QUEUED:
        memory.unclaimed[record.attempt_id] = instance
        memory.is_unclaimed_sorted = False  # runs are loaded in any order
        instance.dispatches = 1
    if record.state is TaskState.RUNNING:
        watch_attempt(memory, instance)


def _wait(memory: Memory, instance: Instance) -> None:
    instance.lane = find_lane(memory, instance)
    if instance.lane.pool.counts_deferred:
        instance.lane.pool.used += instance.lane.slots
    if instance.record.trigger_id is not None:
        memory.triggers[instance.record.trigger_id] = instance

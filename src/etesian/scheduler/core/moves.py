"""The one way a task instance changes its state, and all the counting that follows from it.

A move costs O(edges of the task): it adds to the counts of the tasks directly below and notes whom to look at again
(``settle`` does that). Slots are given back here too, so that no path out of a state can forget them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from etesian.lifecycle.records import TaskInstanceRecord
from etesian.lifecycle.state import (
    ALLOWED,
    FINAL_TASK_STATES,
    OCCUPYING_STATES,
    IllegalTransitionError,
    TaskState,
)
from etesian.lifecycle.trigger_rules import UpstreamCounts
from etesian.scheduler.core.memory import Instance, Memory, Node, Run
from etesian.scheduler.core.timers import TimerKind

#: Final states that make a run fail, if the task is a leaf.
FAILURES: Final = frozenset({TaskState.FAILED, TaskState.UPSTREAM_FAILED})
#: States of a task instance that the next run's ``depends_on_past`` does not accept.
NOT_GOOD: Final = frozenset(TaskState) - {TaskState.SUCCESS, TaskState.SKIPPED, TaskState.REMOVED}
#: States in which somebody else waits on a task's behalf; they hold slots only of pools that count them.
WAITING_OUTSIDE: Final = frozenset({TaskState.DEFERRED, TaskState.AWAITING_INPUT})

#: What a clear resets in a task instance's record.
FRESH: Final[dict[str, object]] = {
    "attempt_id": None,
    "executor": None,
    "scheduled_at": None,
    "queued_at": None,
    "started_at": None,
    "ended_at": None,
    "wake_at": None,
    "first_started_at": None,
    "hostname": None,
    "pid": None,
    "trigger_id": None,
    "resume": None,
    "rendered_map_index": None,
    "reason": None,
}

_replace = msgspec.structs.replace


class _Plan(NamedTuple):
    """What a move from one state to another brings with it."""

    closes: bool  #: the attempt is over
    keeps_pool: bool  #: slots of a pool stay taken, if it counts tasks that wait outside
    comes_back: bool  #: nobody waits outside any more
    leaves_line: bool  #: it stood in a lane, unless it was just taken from it
    leaves_none: bool
    enters_none: bool
    is_counted: bool  #: a final state is left or entered


def _make_plan(old: TaskState, new: TaskState) -> _Plan:
    closes = old in OCCUPYING_STATES and new not in OCCUPYING_STATES
    return _Plan(
        closes=closes,
        keeps_pool=closes and new in WAITING_OUTSIDE,
        comes_back=old in WAITING_OUTSIDE,
        leaves_line=old is TaskState.SCHEDULED,
        leaves_none=old is TaskState.NONE,
        enters_none=new is TaskState.NONE,
        is_counted=old in FINAL_TASK_STATES or new in FINAL_TASK_STATES,
    )


#: The plan of every move that is allowed, worked out once.
_PLANS: Final = {old: {new: _make_plan(old, new) for new in following} for old, following in ALLOWED.items()}


def move(memory: Memory, instance: Instance, state: TaskState, **changes: object) -> None:
    """Put a task instance into ``state`` and change other fields of its record.

    Raises:
        IllegalTransitionError: the state may not follow the present one.
    """
    old = instance.record.state
    plan = _PLANS[old].get(state)
    if plan is None:
        raise IllegalTransitionError(str(instance.record.key), old, state)
    if plan.closes:
        close_attempt(memory, instance, keeps_pool=plan.keeps_pool)
        changes.setdefault("attempt_id", None)
    elif plan.comes_back:
        stop_waiting_outside(memory, instance)
    elif plan.leaves_line and instance.ready_key is not None and instance.lane is not None:
        memory.ready.remove(instance.lane, instance)
    instance.record = _replace(instance.record, state=state, **changes)
    memory.changed_instances[instance] = None
    if plan.leaves_none:
        instance.node.waiting -= 1
    elif plan.enters_none:
        _begin_waiting(memory, instance)
    if plan.is_counted:
        _count_final(memory, instance, old, state)


def _begin_waiting(memory: Memory, instance: Instance) -> None:
    node = instance.node
    node.waiting += 1
    memory.touched.append(instance)
    if node.task.expansion is not None:
        memory.fed.append((node.run, node.task.expansion))


def add_instance(memory: Memory, node: Node, record: TaskInstanceRecord) -> Instance:
    """Let a task have one more task instance, in whatever state its record says.

    The caller sees to it that the task instance, and those below it, are looked at.
    """
    instance = Instance(node, record)
    node.instances[record.map_index] = instance
    state = record.state
    task, run = node.task, node.run
    if task.upstream_within:
        instance.counts = _count_within(run, task.upstream_within, record.map_index)
    if task.setups_within:
        instance.setup_counts = _count_within(run, task.setups_within, record.map_index)
    if state is TaskState.NONE:
        node.waiting += 1
    node.not_good += state in NOT_GOOD
    if state not in FINAL_TASK_STATES:
        node.unfinished += 1
        run.unfinished += 1
    if task.is_leaf and state in FAILURES:
        run.failed_leaves += 1
    if state is not TaskState.REMOVED:
        _tell_below(memory, instance, None, state)
    return instance


def _count_within(run: Run, numbers: tuple[int, ...], map_index: int) -> UpstreamCounts:
    """Count the task instances of the same map index that exist already."""
    counts = UpstreamCounts()
    for number in numbers:
        above = run.nodes[number].instances.get(map_index)
        if above is not None and above.state is not TaskState.REMOVED:
            _count(counts, None, above.state, 1, above.node.task.spec.is_setup)
    return counts


def remove_instance(memory: Memory, instance: Instance) -> None:
    """Forget a task instance that holds nothing (a placeholder, or one that is not needed any more)."""
    node, state = instance.node, instance.record.state
    del node.instances[instance.record.map_index]
    memory.changed_instances.pop(instance, None)
    if state is TaskState.NONE:
        node.waiting -= 1
    node.not_good -= state in NOT_GOOD
    if state not in FINAL_TASK_STATES:
        node.unfinished -= 1
        node.run.unfinished -= 1
    if node.task.is_leaf and state in FAILURES:
        node.run.failed_leaves -= 1
    if state is not TaskState.REMOVED:
        _tell_below(memory, instance, state, None)


def close_attempt(memory: Memory, instance: Instance, *, keeps_pool: bool = False) -> None:
    """The attempt is over: nobody can report on it any more, and its slots are free.

    A task that goes to wait outside keeps the slots of a pool that counts such tasks.
    """
    attempt_id = instance.record.attempt_id
    if attempt_id is not None:
        memory.attempts.pop(attempt_id, None)
        memory.unclaimed.pop(attempt_id, None)
    lane = instance.lane
    assert lane is not None, "a task instance that occupies slots has a lane"
    memory.parallelism.used -= 1
    memory.ready.release(lane, keeps_pool=keeps_pool and lane.pool.counts_deferred)
    if instance.node.task.spec.execution_timeout_seconds is not None:
        memory.timers.cancel(TimerKind.OVERDUE, instance)


def stop_waiting_outside(memory: Memory, instance: Instance) -> None:
    """Free the slots of a task instance that waited outside, if its pool counts such tasks."""
    lane = instance.lane
    if lane is not None and lane.pool.counts_deferred:
        memory.ready.give_back(lane.pool, lane.slots)


def _count_final(memory: Memory, instance: Instance, old: TaskState, new: TaskState) -> None:
    """Count a task instance that became final, is final no more, or is final in another way."""
    node = instance.node
    run = node.run
    was_final, is_final = old in FINAL_TASK_STATES, new in FINAL_TASK_STATES
    node.not_good += (new in NOT_GOOD) - (old in NOT_GOOD)
    if node.task.is_leaf:
        run.failed_leaves += (new in FAILURES) - (old in FAILURES)
    if is_final and not was_final:
        node.unfinished -= 1
        run.unfinished -= 1
        if not run.unfinished:
            memory.ended.append(run)
    elif was_final and not is_final:
        node.unfinished += 1
        run.unfinished += 1
    if was_final:
        task = node.task
        below = (*task.downstream, *task.downstream_within, *task.guarded, *task.guarded_within)
        memory.doubted.extend(run.nodes[number] for number in below)
    _tell_below(
        memory,
        instance,
        None if old is TaskState.REMOVED else old,
        None if new is TaskState.REMOVED else new,
    )
    if is_final and node.task.feeds:
        memory.fed.extend((run, expansion) for expansion in node.task.feeds)
    if run.successors:
        _tell_successors(memory, instance)


def _tell_below(memory: Memory, instance: Instance, old: TaskState | None, new: TaskState | None) -> None:
    """Tell the tasks below that a task instance is in another state; None: it does not exist.

    One more task instance above cannot make a rule hold, so the tasks below are not looked at for its sake.
    """
    task, nodes = instance.node.task, instance.node.run.nodes
    is_setup = task.spec.is_setup
    expected = (new is not None) - (old is not None)
    for number in task.downstream:
        node = nodes[number]
        _count(node.counts, old, new, expected, is_setup)
        if expected <= 0:
            memory.touched.append(node)
    for number in task.guarded:
        node = nodes[number]
        if node.setup_counts is not None:
            _count(node.setup_counts, old, new, expected, is_setup)
            if expected <= 0:
                memory.touched.append(node)
    if task.downstream_within or task.guarded_within:
        _tell_within(memory, instance, old, new, expected)


def _tell_within(
    memory: Memory, instance: Instance, old: TaskState | None, new: TaskState | None, expected: int
) -> None:
    """Tell the task instances below that are in the same mapped group and have the same map index."""
    task, nodes, map_index = instance.node.task, instance.node.run.nodes, instance.record.map_index
    for number in task.downstream_within:
        below = nodes[number].instances.get(map_index)
        if below is None:
            continue
        if below.counts is not None:
            _count(below.counts, old, new, expected, task.spec.is_setup)
        memory.touched.append(below)
        if expected > 0:
            memory.doubted.append(below.node)  # in a new version, a task above may appear after it
    for number in task.guarded_within:
        below = nodes[number].instances.get(map_index)
        if below is not None and below.setup_counts is not None:
            _count(below.setup_counts, old, new, expected, task.spec.is_setup)
            memory.touched.append(below)


def _count(
    counts: UpstreamCounts, old: TaskState | None, new: TaskState | None, expected: int, is_setup: bool
) -> None:
    if expected:
        counts.expect(expected, is_setup=is_setup)
    if old is not None:
        counts.add(old, -1, is_setup=is_setup)
    if new is not None:
        counts.add(new, 1, is_setup=is_setup)


def _tell_successors(memory: Memory, instance: Instance) -> None:
    """The same task of the next run may depend on this one, and so may the tasks directly above it."""
    for successor in instance.node.run.successors:
        node = successor.node(instance.record.task_id)
        if node is None:
            continue
        above = successor.graph.direct_upstream(node.task)
        waiting = (node, *(successor.nodes[number] for number in above))
        memory.touched.extend(each for each in waiting if each.task.uses_past)

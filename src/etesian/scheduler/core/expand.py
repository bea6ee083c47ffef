"""Mapped tasks and groups: how many task instances they become, once the lengths of their inputs are known.

A mapped task begins as one placeholder (map index -1). When the tasks it is mapped over have finished, the
placeholder is replaced by task instances 0 to n-1. When they were cleared and finish again, the number is revised.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from math import prod

from etesian.lifecycle.state import TaskState
from etesian.scheduler.core.decisions import DeleteTaskInstances
from etesian.scheduler.core.graph import Expansion
from etesian.scheduler.core.memory import Instance, Memory, Node, Run
from etesian.scheduler.core.moves import FRESH, add_instance, move, remove_instance
from etesian.scheduler.core.runs import make_record
from etesian.scheduler.core.upstream import are_sources_done, skip
from etesian.spec.task import LiteralInput, MapInput, XComInput


def expand(memory: Memory, run: Run, expansion: Expansion, now: datetime) -> None:
    """Give a mapped task, or the tasks of a mapped group, as many task instances as their inputs ask for."""
    if not run.is_running or run.graph.expansions.get(expansion.name) is not expansion:
        return
    nodes = [node for number in expansion.members if (node := run.nodes[number]).waiting]
    if not nodes or not are_sources_done(run, expansion):
        return
    trouble = _find_trouble(run, expansion)
    if trouble is not None:
        state, reason = trouble
        _decide_all(memory, _waiting_in(nodes), state, reason, now)
        return
    lengths = measure(run, expansion)
    total = prod(lengths.values())
    limit = memory.settings.max_map_length
    if total > limit:
        reason = f"it would be mapped over {total} items; the limit is {limit}"
        _decide_all(memory, _waiting_in(nodes), TaskState.FAILED, reason, now)
        return
    run.map_lengths[expansion.name] = lengths
    for node in nodes:
        if total:
            _resize(memory, node, total)
        else:
            _empty(memory, node)
        memory.touched.append(node)


def measure(run: Run, expansion: Expansion) -> dict[str, int]:
    """Return the length of each mapped input, as far as it is known."""
    return {name: _length_of(run, item) for name, item in expansion.spec.inputs.items()}


def _find_trouble(run: Run, expansion: Expansion) -> tuple[TaskState, str] | None:
    """Say why the finished sources give nothing to map over, and what becomes of the mapped task; None: they do."""
    skipped: str | None = None
    for task_id, key in expansion.sources:
        node = run.node(task_id)
        states = {instance.state for instance in node.instances.values()} if node is not None else set()
        if states & {TaskState.FAILED, TaskState.UPSTREAM_FAILED}:
            return TaskState.UPSTREAM_FAILED, f"{task_id!r}, which it is mapped over, failed"
        if states == {TaskState.SKIPPED}:
            skipped = f"{task_id!r}, which it is mapped over, was skipped"
        elif _source_length(run, task_id, key) is None:
            return TaskState.FAILED, f"{task_id!r} gave no list or dict to be mapped over (XCom {key!r})"
    return None if skipped is None else (TaskState.SKIPPED, skipped)


def _waiting_in(nodes: Iterable[Node]) -> list[Instance]:
    return [it for node in nodes for it in node.instances.values() if it.state is TaskState.NONE]


def _decide_all(
    memory: Memory, instances: Iterable[Instance], state: TaskState, reason: str, now: datetime
) -> None:
    for instance in instances:
        if state is TaskState.SKIPPED:
            skip(memory, instance, now, reason)
        else:
            move(memory, instance, state, ended_at=now, reason=reason)


def _length_of(run: Run, item: MapInput) -> int:
    """Return the length of one mapped input."""
    if isinstance(item, LiteralInput):
        return item.length
    return _combine(item, [_source_length(run, task_id, item.key) or 0 for task_id in item.task_ids])


def _combine(item: XComInput, lengths: list[int]) -> int:
    parts = [*lengths, *item.literal_lengths]
    match item.length_of:
        case "zip":
            return min(parts)
        case "zip_longest":
            return max(parts)
        case "concat":
            return sum(parts)
        case _:
            return parts[0]


def _source_length(run: Run, task_id: str, key: str) -> int | None:
    """Return the length of a task's value; of a mapped task, how many values there are. None: it has no length."""
    node = run.node(task_id)
    if node is None:
        return None
    if node.task.expansion is not None:
        return sum(key in run.lengths.get((task_id, map_index), {}) for map_index in node.instances)
    length = run.lengths.get((task_id, -1), {}).get(key, -1)
    return None if length < 0 else length


def _resize(memory: Memory, node: Node, total: int) -> None:
    """Let the task have the task instances 0 to ``total`` - 1 and no others."""
    placeholder = node.instances.get(-1)
    for map_index in range(total):
        instance = node.instances.get(map_index)
        if instance is None:
            instance = add_instance(memory, node, make_record(node.run.record, node.task, map_index))
            memory.changed_instances[instance] = None
        elif instance.state is TaskState.REMOVED:
            move(memory, instance, TaskState.NONE, **FRESH)
    _remove_from(memory, node, total)
    if placeholder is not None:
        _delete(memory, placeholder)


def _empty(memory: Memory, node: Node) -> None:
    """Let the task have its placeholder alone, which is skipped in its turn: there is nothing to map over."""
    _remove_from(memory, node, 0)
    if -1 not in node.instances:
        placeholder = add_instance(memory, node, make_record(node.run.record, node.task))
        memory.changed_instances[placeholder] = None


def _remove_from(memory: Memory, node: Node, first: int) -> None:
    """Remove the task instances from map index ``first`` on, if they are not needed and not under way."""
    for map_index, instance in list(node.instances.items()):
        if map_index >= first and instance.state in {TaskState.NONE, TaskState.SCHEDULED}:
            move(memory, instance, TaskState.REMOVED, reason="what it is mapped over became shorter")


def _delete(memory: Memory, placeholder: Instance) -> None:
    key = placeholder.record.key
    remove_instance(memory, placeholder)
    memory.decide(DeleteTaskInstances(keys=(key,)))

"""Mapped tasks and groups: how many task instances they become, once the lengths of their inputs are known."""

from __future__ import annotations

from datetime import datetime
from math import prod

from etesian.lifecycle.state import FINAL_TASK_STATES, TaskState
from etesian.scheduler.core.decisions import DeleteTaskInstances
from etesian.scheduler.core.graph import Expansion
from etesian.scheduler.core.memory import Instance, Memory, Node, Run
from etesian.scheduler.core.moves import add_instance, move, remove_instance
from etesian.scheduler.core.runs import make_record
from etesian.scheduler.core.upstream import skip
from etesian.spec.task import LiteralInput, MapInput, XComInput


def expand(memory: Memory, run: Run, expansion: Expansion, now: datetime) -> None:
    """Replace the placeholders of a mapped task, or of all tasks of a mapped group, if the lengths are known."""
    if not run.is_running:
        return
    nodes = [run.nodes[number] for number in expansion.members]
    waiting = [placeholder for node in nodes if (placeholder := _waiting_placeholder(node)) is not None]
    if not waiting or _follow_sources(memory, run, expansion, waiting, now):
        return
    lengths = {name: _length_of(run, item) for name, item in expansion.spec.inputs.items()}
    total = prod(lengths.values())
    run.map_lengths[expansion.name] = lengths
    limit = memory.settings.max_map_length
    if total > limit:
        _fail(memory, waiting, f"it would be mapped over {total} items; the limit is {limit}", now)
    elif total == 0:
        for placeholder in waiting:
            if placeholder.state is TaskState.NONE:
                skip(memory, placeholder, now, "it is mapped over an empty list")
    else:
        for placeholder in waiting:
            _replace_placeholder(memory, placeholder, total)


def _waiting_placeholder(node: Node) -> Instance | None:
    placeholder = node.instances.get(-1)
    return placeholder if placeholder is not None and placeholder.state is TaskState.NONE else None


def _follow_sources(
    memory: Memory, run: Run, expansion: Expansion, waiting: list[Instance], now: datetime
) -> bool:
    """Look at the tasks whose results are mapped over; return whether there is nothing to expand yet, or ever."""
    states = set()
    for task_id, key in expansion.sources:
        node = run.node(task_id)
        found = (
            {instance.state for instance in node.instances.values()} - {TaskState.REMOVED}
            if node is not None
            else set()
        )
        if not found <= FINAL_TASK_STATES:
            return True
        states |= found
        if found == {TaskState.SUCCESS} and _source_length(run, task_id, key) is None:
            _fail(memory, waiting, f"{task_id!r} gave no list or dict to be mapped over (XCom {key!r})", now)
            return True
    if states & {TaskState.FAILED, TaskState.UPSTREAM_FAILED}:
        for placeholder in waiting:
            if placeholder.state is TaskState.NONE:
                move(memory, placeholder, TaskState.UPSTREAM_FAILED, ended_at=now)
        return True
    if TaskState.SKIPPED in states and not _has_mapped_source(run, expansion):
        for placeholder in waiting:
            if placeholder.state is TaskState.NONE:
                skip(memory, placeholder, now, "what it is mapped over was skipped")
        return True
    return False


def _has_mapped_source(run: Run, expansion: Expansion) -> bool:
    """A mapped source may have skipped some of its task instances; the others count."""
    nodes = (run.node(task_id) for task_id, _ in expansion.sources)
    return any(node is not None and -1 not in node.instances for node in nodes)


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
    if -1 in node.instances or node.task.expansion is None:
        length = run.lengths.get((task_id, -1, key))
        if node.task.expansion is not None and length is None:
            return 0
        return None if length is None or length < 0 else length
    return sum((task_id, map_index, key) in run.lengths for map_index in node.instances)


def _fail(memory: Memory, waiting: list[Instance], reason: str, now: datetime) -> None:
    for placeholder in waiting:
        if placeholder.state is TaskState.NONE:
            move(memory, placeholder, TaskState.FAILED, ended_at=now, reason=reason)


def _replace_placeholder(memory: Memory, placeholder: Instance, total: int) -> None:
    node, record = placeholder.node, placeholder.record
    run = node.run
    for map_index in range(total):
        fresh = make_record(run.record, node.task, map_index)
        instance = add_instance(memory, node, fresh)
        memory.changed_instances[instance] = None
    remove_instance(memory, placeholder)
    memory.decide(DeleteTaskInstances(keys=(record.key,)))
    memory.touched.append(node)

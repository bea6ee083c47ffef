"""A run changes to another version of its DAG: tasks may have come, gone, or changed."""

from __future__ import annotations

import msgspec

from etesian.lifecycle.records import TaskInstanceRecord
from etesian.lifecycle.state import OCCUPYING_STATES, TaskState
from etesian.scheduler.core.attempts import stop_attempt
from etesian.scheduler.core.decisions import SaveTaskInstance
from etesian.scheduler.core.graph import DagGraph
from etesian.scheduler.core.memory import Memory, Run
from etesian.scheduler.core.past import ask_past, touch_successors
from etesian.scheduler.core.restore import load_instances
from etesian.scheduler.core.runs import arm_timeout
from etesian.scheduler.core.unload import unload_instances


def change_version(memory: Memory, run: Run, graph: DagGraph) -> None:
    """Let a run go on with another version. Task instances that it does not have are stopped and removed."""
    for instance in run.instances():
        if instance.state in OCCUPYING_STATES and not _fits(instance.record, graph):
            stop_attempt(memory, instance, "its task is no longer in the DAG")
    records = unload_instances(memory, run)
    run.bind(graph)
    memory.update_run(run, version_hash=graph.version_hash, bundle_version=graph.pinned_version)
    records = [record if _fits(record, graph) else _remove(record) for record in records]
    for record in records:
        if record.task_id not in graph.index:
            memory.decide(SaveTaskInstance(task_instance=record))
    load_instances(memory, run, [record for record in records if record.task_id in graph.index])
    memory.changed_instances.update(dict.fromkeys(run.instances()))
    memory.doubted.extend(run.nodes)
    memory.touched.extend(run.nodes)
    memory.fed.extend((run, expansion) for expansion in graph.expansions.values())
    touch_successors(memory, run)
    if run.is_running:
        arm_timeout(memory, run)
        ask_past(memory, run)
        memory.ended.append(run)


def _fits(record: TaskInstanceRecord, graph: DagGraph) -> bool:
    """Return whether a version has such a task instance: the task, and if it is not mapped, no map index."""
    number = graph.index.get(record.task_id)
    if number is None:
        return False
    return record.map_index < 0 or graph.tasks[number].expansion is not None


def _remove(record: TaskInstanceRecord) -> TaskInstanceRecord:
    return msgspec.structs.replace(
        record, state=TaskState.REMOVED, attempt_id=None, wake_at=None, trigger_id=None
    )

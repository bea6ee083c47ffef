"""A run changes to another version of its DAG: tasks may have come, gone, or changed."""

from __future__ import annotations

import msgspec

from etesian.lifecycle.records import TaskInstanceRecord
from etesian.lifecycle.state import OCCUPYING_STATES, TaskState
from etesian.scheduler.core.attempts import stop_attempt
from etesian.scheduler.core.decisions import SaveTaskInstance
from etesian.scheduler.core.graph import DagGraph
from etesian.scheduler.core.memory import Memory, Run
from etesian.scheduler.core.recovery import load_instances
from etesian.scheduler.core.unload import unload_instances


def change_version(memory: Memory, run: Run, graph: DagGraph) -> None:
    """Let a run go on with another version. Task instances of tasks that are gone are stopped and removed."""
    gone = [instance for instance in run.instances() if instance.record.task_id not in graph.index]
    for instance in gone:
        if instance.state in OCCUPYING_STATES:
            stop_attempt(memory, instance, "its task is no longer in the DAG")
    records = unload_instances(memory, run)
    run.bind(graph)
    memory.update_run(run, version_hash=graph.version_hash)
    kept = [record for record in records if record.task_id in graph.index]
    for record in records:
        if record.task_id not in graph.index:
            memory.decide(SaveTaskInstance(task_instance=_remove(record)))
    load_instances(memory, run, kept)
    memory.changed_instances.update(dict.fromkeys(run.instances()))
    memory.touched.extend(run.nodes)
    memory.fed.extend((run, expansion) for expansion in graph.expansions.values())


def _remove(record: TaskInstanceRecord) -> TaskInstanceRecord:
    return msgspec.structs.replace(
        record, state=TaskState.REMOVED, attempt_id=None, wake_at=None, trigger_id=None
    )

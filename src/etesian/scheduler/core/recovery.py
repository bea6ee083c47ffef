"""Taking over from a former leader: runs as the store has them become runs in memory, and nothing is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from etesian.lifecycle.records import TaskInstanceRecord
from etesian.lifecycle.state import OCCUPYING_STATES, RunState, TaskState
from etesian.scheduler.core.events import RunLoaded
from etesian.scheduler.core.expand import measure
from etesian.scheduler.core.graph import DagGraph
from etesian.scheduler.core.lanes import find_lane, join_lane
from etesian.scheduler.core.memory import Dag, Instance, Memory, Node, Run
from etesian.scheduler.core.moves import WAITING_OUTSIDE, add_instance
from etesian.scheduler.core.past import leave_for_successors, welcome_successors
from etesian.scheduler.core.runs import begin, enqueue_run, make_record, take_run_slot
from etesian.scheduler.core.timers import TimerKind
from etesian.scheduler.core.unload import unload_instances


def load_run(memory: Memory, event: RunLoaded) -> None:
    """Take an unfinished run as a former leader left it, or a finished one that a command is about to touch."""
    record = event.run
    if record.key in memory.runs:
        return
    dag = memory.dags.setdefault(record.dag_id, Dag(record.dag_id))
    run = Run(dag, _find_graph(dag, event), record)
    run.lengths = dict(event.xcom_lengths)
    if record.state is RunState.QUEUED and not event.task_instances:
        enqueue_run(memory, run)
        return
    memory.runs[record.key] = run
    dag.runs[record.run_id] = run
    welcome_successors(run)
    load_instances(memory, run, event.task_instances)
    if record.state is RunState.RUNNING:
        dag.unfinished += not run.is_backfill
        take_run_slot(run)
        begin(memory, run)
    elif record.state is RunState.QUEUED:
        del memory.runs[record.key], dag.runs[record.run_id]
        enqueue_run(memory, run)
    else:
        memory.visitors[run] = None


def _find_graph(dag: Dag, event: RunLoaded) -> DagGraph:
    graph = dag.graphs.get(event.run.version_hash)
    if graph is None:
        graph = DagGraph(
            event.spec, version_hash=event.run.version_hash, code_hash=event.code_hash, bundle=event.bundle
        )
        dag.graphs[graph.version_hash] = graph
    return graph


def load_instances(memory: Memory, run: Run, records: Sequence[TaskInstanceRecord]) -> None:
    """Give the run its task instances. One whose task the version does not have was removed with it."""
    run.nodes = [Node(run, task) for task in run.graph.tasks]
    by_task: dict[str, list[TaskInstanceRecord]] = {}
    for record in records:
        by_task.setdefault(record.task_id, []).append(record)
    for node in run.nodes:
        stored = by_task.get(node.task.task_id)
        if stored is None:
            instance = add_instance(memory, node, make_record(run.record, node.task))
            memory.changed_instances[instance] = None
            continue
        for record in sorted(stored, key=lambda found: found.map_index):
            _take_up(memory, add_instance(memory, node, record))
    for expansion in run.graph.expansions.values():
        run.map_lengths[expansion.name] = measure(run, expansion)
    _sort_unclaimed(memory)


def _sort_unclaimed(memory: Memory) -> None:
    """Runs come in any order; the oldest attempt must expire first."""
    unclaimed = sorted(memory.unclaimed.items(), key=lambda item: (str(item[1].record.queued_at), item[0]))
    memory.unclaimed.clear()
    memory.unclaimed.update(unclaimed)


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
        instance.dispatches = 1
    timeout = instance.node.task.spec.execution_timeout_seconds
    if record.state is TaskState.RUNNING and timeout is not None and record.started_at is not None:
        due = record.started_at + timedelta(seconds=timeout) + memory.settings.execution_timeout_grace
        memory.timers.set(TimerKind.OVERDUE, instance, due)


def _wait(memory: Memory, instance: Instance) -> None:
    instance.lane = find_lane(memory, instance)
    if instance.lane.pool.counts_deferred:
        instance.lane.pool.used += instance.lane.slots
    if instance.record.trigger_id is not None:
        memory.triggers[instance.record.trigger_id] = instance


def dismiss_visitors(memory: Memory) -> None:
    """Forget finished runs that a command has touched, unless it brought them back to life."""
    for run in memory.visitors:
        if run.record.state.is_final and memory.runs.get(run.key) is run:
            leave_for_successors(run)
            unload_instances(memory, run)
            del memory.runs[run.key]
            run.dag.runs.pop(run.record.run_id, None)
    memory.visitors.clear()

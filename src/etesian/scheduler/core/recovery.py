"""Taking over from a former leader: runs as the store has them become runs in memory."""

from __future__ import annotations

from datetime import datetime

import msgspec

from etesian.lifecycle.state import RunState, TaskState
from etesian.scheduler.core.backfills import redo_run
from etesian.scheduler.core.deadlines import arm_deadlines
from etesian.scheduler.core.events import RunLoaded
from etesian.scheduler.core.graph import DagGraph
from etesian.scheduler.core.memory import Dag, Memory, Run
from etesian.scheduler.core.past import leave_for_successors, welcome_successors
from etesian.scheduler.core.restore import load_instances
from etesian.scheduler.core.runs import begin, enqueue_run, take_place, take_run_slot
from etesian.scheduler.core.unload import unload_instances


def load_run(memory: Memory, event: RunLoaded, now: datetime) -> None:
    """Take an unfinished run as a former leader left it, or a finished one that a command is about to touch."""
    record = event.run
    known = memory.runs.get(record.key)
    if known is not None:
        redo_run(memory, known, now)
        return
    dag = memory.dags.setdefault(record.dag_id, Dag(record.dag_id))
    run = Run(dag, _find_graph(dag, event), record)
    run.lengths = _choose_lengths(event)
    run.asset_events = tuple(msgspec.to_builtins(item) for item in event.asset_events)
    if not record.state.is_final:
        arm_deadlines(memory, run, now)
    if record.state is RunState.QUEUED and not event.task_instances:
        enqueue_run(memory, run)
        return
    memory.runs[record.key] = run
    dag.runs[record.run_id] = run
    welcome_successors(run)
    load_instances(memory, run, event.task_instances)
    if record.state is RunState.RUNNING:
        take_place(run)
        take_run_slot(run)
        begin(memory, run)
    elif record.state is RunState.QUEUED:
        del memory.runs[record.key], dag.runs[record.run_id]
        enqueue_run(memory, run)
    else:
        memory.visitors[run] = None
        redo_run(memory, run, now)


def _choose_lengths(event: RunLoaded) -> dict[tuple[str, int], dict[str, int]]:
    """Return the lengths of XComs. What a task had pushed that was cleared does not count any more."""
    lengths: dict[tuple[str, int], dict[str, int]] = {}
    begun = {(it.task_id, it.map_index) for it in event.task_instances if it.state is not TaskState.NONE}
    for (task_id, map_index, key), length in event.xcom_lengths.items():
        if (task_id, map_index) in begun:
            lengths.setdefault((task_id, map_index), {})[key] = length
    return lengths


def _find_graph(dag: Dag, event: RunLoaded) -> DagGraph:
    graph = dag.graphs.get(event.run.version_hash)
    if graph is None:
        graph = DagGraph(
            event.spec,
            version_hash=event.run.version_hash,
            code_hash=event.code_hash,
            bundle=event.bundle,
            bundle_version=event.bundle_version,
        )
        dag.graphs[graph.version_hash] = graph
    return graph


def dismiss_visitors(memory: Memory) -> None:
    """Forget finished runs that a command has touched, unless it brought them back to life."""
    for run in memory.visitors:
        if run.record.state.is_final and memory.runs.get(run.key) is run:
            leave_for_successors(run)
            unload_instances(memory, run)
            del memory.runs[run.key]
            run.dag.runs.pop(run.record.run_id, None)
    memory.visitors.clear()

"""Runs from their first appearance to their end: waiting for a slot, starting, finishing."""

from __future__ import annotations

from datetime import datetime
from heapq import heappop, heappush

from etesian.lifecycle.records import DagRunRecord, TaskInstanceRecord
from etesian.lifecycle.state import RunState, RunType, TaskState
from etesian.scheduler.core.callbacks import send_run_callback
from etesian.scheduler.core.deadlines import arm_deadlines, note_runtime
from etesian.scheduler.core.decisions import PauseDag
from etesian.scheduler.core.events import RunAdded
from etesian.scheduler.core.graph import GraphTask
from etesian.scheduler.core.memory import Dag, Memory, Node, Run
from etesian.scheduler.core.moments import wait_of
from etesian.scheduler.core.moves import add_instance
from etesian.scheduler.core.past import (
    ask_past,
    forget_past,
    insert_into_past,
    leave_for_successors,
    touch_successors,
)
from etesian.scheduler.core.timers import TimerKind


def add_run(memory: Memory, event: RunAdded, now: datetime) -> None:
    """Take a queued run that was inserted by somebody else."""
    record = event.run
    if record.key in memory.runs:
        return
    dag = memory.dags.setdefault(record.dag_id, Dag(record.dag_id))
    if dag.graph is None:
        dag.unbound.append(record)
    else:
        run = Run(dag, dag.graph, record)
        enqueue_run(memory, run)
        arm_deadlines(memory, run, now)


def add_new_run(memory: Memory, dag: Dag, record: DagRunRecord, now: datetime) -> Run:
    """Take a run into existence that the store does not know yet."""
    assert dag.graph is not None, "only a known DAG gets new runs"
    run = Run(dag, dag.graph, record)
    run.is_new = True
    memory.changed_runs[run] = None
    enqueue_run(memory, run)
    arm_deadlines(memory, run, now)
    return run


def enqueue_run(memory: Memory, run: Run) -> None:
    """Let a run wait for one of the run slots of its DAG, or of its backfill while that is under way."""
    dag, record = run.dag, run.record
    memory.runs[record.key] = run
    dag.runs[record.run_id] = run
    insert_into_past(run)
    join_backfill(run)
    if record.logical_date is not None and record.run_type is not RunType.SCHEDULED:
        dag.taken_dates.add(record.logical_date)
    take_place(run)
    heappush(dag.queue, (record.run_after, record.run_id))
    memory.touch_dag(dag)


def join_backfill(run: Run) -> None:
    """Let the run's backfill count it, if that is under way."""
    backfill = run.dag.backfills.get(run.record.backfill_id or "")
    if backfill is None or run.backfill is backfill:
        return
    if run.backfill is None:
        run.dag.unfinished -= run.has_place
        run.dag.active -= run.has_slot
    run.backfill = backfill
    backfill.runs[run.record.run_id] = run


def start_runs(memory: Memory, dag: Dag, now: datetime) -> None:
    """Start queued runs, the oldest first, as many as the DAG allows; a paused DAG starts none."""
    while dag.is_open and dag.queue:
        run_after, run_id = dag.queue[0]
        run = dag.runs.get(run_id)
        if run is None or run.record.state is not RunState.QUEUED or run.backfill is not None:
            heappop(dag.queue)
        elif run_after > now:
            memory.timers.set(TimerKind.RUN_AFTER, dag, run_after)
            return
        elif dag.graph is None or dag.active >= dag.graph.max_active_runs:
            return
        else:
            heappop(dag.queue)
            start_run(memory, run, now)


def start_run(memory: Memory, run: Run, now: datetime) -> None:
    """Give a queued run its task instances, in the newest version of its DAG, and let the first ones go."""
    if not run.nodes and run.dag.graph is not None:
        run.bind(run.dag.graph)
    take_run_slot(run)
    memory.update_run(
        run,
        state=RunState.RUNNING,
        started_at=now,
        ended_at=None,
        reason=None,
        version_hash=run.graph.version_hash,
        bundle_version=run.record.bundle_version if run.nodes else run.graph.pinned_version,
    )
    if not run.nodes:
        populate(memory, run)
        touch_successors(memory, run)  # it may not have a task that they were waiting for
    begin(memory, run)


def begin(memory: Memory, run: Run) -> None:
    """Set a run going that has its task instances: arm its time-out, look at all that may start."""
    arm_timeout(memory, run)
    ask_past(memory, run)
    memory.fed.extend((run, expansion) for expansion in run.graph.expansions.values())
    memory.touched.extend(node for node in run.nodes if node.waiting)
    memory.touched.extend(it for it in run.instances() if it.record.skipped_by is not None)
    if not run.unfinished:
        memory.ended.append(run)


def arm_timeout(memory: Memory, run: Run) -> None:
    """Set the timer of a run's ``dagrun_timeout``, if its version has one."""
    timeout = run.graph.spec.dagrun_timeout_seconds
    if timeout is None or run.record.started_at is None:
        memory.timers.cancel(TimerKind.RUN_TIMEOUT, run)
    else:
        memory.timers.set(TimerKind.RUN_TIMEOUT, run, run.record.started_at + wait_of(timeout))


def populate(memory: Memory, run: Run) -> None:
    """Make the task instances of a run; mapped tasks get a placeholder."""
    run.nodes = [Node(run, task) for task in run.graph.tasks]
    for node in run.nodes:
        instance = add_instance(memory, node, make_record(run.record, node.task))
        memory.changed_instances[instance] = None


def make_record(run: DagRunRecord, task: GraphTask, map_index: int = -1) -> TaskInstanceRecord:
    """Return the record of a task instance that has not begun."""
    spec = task.spec
    return TaskInstanceRecord(
        dag_id=run.dag_id,
        run_id=run.run_id,
        task_id=task.task_id,
        map_index=map_index,
        max_tries=spec.retries,
        pool=spec.pool,
        pool_slots=spec.pool_slots,
        priority=spec.priority,
        queue=spec.queue,
        operator=spec.operator,
    )


def finish_run(memory: Memory, run: Run, now: datetime) -> None:
    """Close a run whose task instances are all final. It failed if a leaf did, or if a failed task stopped it.

    What a user has declared counts for more.
    """
    if run.unfinished or not run.is_running:
        return
    if run.record.marked is not None:
        end_run(memory, run, run.record.marked, now, reason=run.record.reason)
        return
    is_stopped = run.graph.spec.fail_fast and any(it.state is TaskState.FAILED for it in run.instances())
    has_failed = run.failed_leaves or is_stopped
    end_run(memory, run, RunState.FAILED if has_failed else RunState.SUCCESS, now)


def end_run(memory: Memory, run: Run, state: RunState, now: datetime, reason: str | None = None) -> None:
    """Give a run its final state and forget it; the callers have seen to its task instances."""
    memory.update_run(run, state=state, ended_at=now, reason=reason, marked=None)
    if state is RunState.SUCCESS:
        note_runtime(run)
    kind = "success" if state is RunState.SUCCESS else "failure"
    if kind in run.graph.spec.callbacks:
        send_run_callback(memory, run, kind, now)
    if not run.is_backfill:
        _count_failures(memory, run.dag, state)
    leave_for_successors(run)
    release_run(memory, run)


def _count_failures(memory: Memory, dag: Dag, state: RunState) -> None:
    """Pause a DAG that failed as often in a row as it allows."""
    dag.failed_in_a_row = 0 if state is RunState.SUCCESS else dag.failed_in_a_row + 1
    bound = dag.graph.spec.max_consecutive_failed_runs if dag.graph is not None else 0
    if bound and dag.failed_in_a_row >= bound and not dag.is_paused:
        set_paused(memory, dag, is_paused=True)
        memory.decide(PauseDag(dag_id=dag.dag_id, reason=f"its last {dag.failed_in_a_row} runs failed"))


def set_paused(memory: Memory, dag: Dag, *, is_paused: bool) -> None:
    """Pause or unpause a DAG. Tasks of a paused DAG that are running go on; no other one is started."""
    if dag.is_paused and not is_paused:
        dag.failed_in_a_row = 0
    dag.is_paused = is_paused
    memory.ready.set_limit(dag.gate, 0 if is_paused else None)
    memory.touch_dag(dag)


def release_run(memory: Memory, run: Run) -> None:
    """Forget a run that is final, or gone; its slot and its place among the unfinished are free."""
    dag = run.dag
    memory.timers.cancel(TimerKind.RUN_TIMEOUT, run)
    forget_past(run)
    memory.runs.pop(run.key, None)
    dag.runs.pop(run.record.run_id, None)
    if run.backfill is None:
        dag.unfinished -= run.has_place
        dag.active -= run.has_slot
    run.has_place = run.has_slot = False
    run.backfill = None
    memory.touch_dag(dag)


def take_place(run: Run) -> None:
    """Count a run among the DAG's unfinished ones."""
    if not run.has_place:
        run.has_place = True
        run.dag.unfinished += run.backfill is None


def take_run_slot(run: Run) -> None:
    """Count a run among the DAG's active ones."""
    if not run.has_slot:
        run.has_slot = True
        run.dag.active += run.backfill is None

"""Backfills: runs for past schedule points, made a few at a time under their own limit."""

from __future__ import annotations

from datetime import datetime

from etesian.lifecycle.backfills import is_done_again
from etesian.lifecycle.records import DagRunRecord, RunKey
from etesian.lifecycle.state import RunState, RunType
from etesian.protocol.commands import ChangeBackfill, CreateBackfill
from etesian.scheduler.core.clear import clear_run
from etesian.scheduler.core.decisions import AskRun, CompleteBackfill
from etesian.scheduler.core.events import BackfillLoaded, RunGone
from etesian.scheduler.core.halt import halt_tasks
from etesian.scheduler.core.memory import Backfill, Dag, Memory, Run
from etesian.scheduler.core.runs import add_new_run, end_run, join_backfill, start_run
from etesian.scheduler.core.runs_due import make_run_id
from etesian.scheduler.core.versions import change_version
from etesian.spec.schedule import SchedulePoint
from etesian.timetables import InvalidScheduleError, points_between
from etesian.timetables.run_partitions import partition_key_of


def create_backfill(memory: Memory, command: CreateBackfill) -> None:
    """Take a new backfill of dates that have no runs yet."""
    load_backfill(memory, BackfillLoaded(backfill=command))


def load_backfill(memory: Memory, event: BackfillLoaded) -> None:
    """Take a backfill, new or under way, and work out which of its points are still to be done."""
    order = event.backfill
    dag = memory.dags.get(order.dag_id)
    if dag is None or dag.graph is None or order.backfill_id in dag.backfills:
        return
    backfill = Backfill(order, is_paused=event.is_paused)
    try:
        points = list(points_between(dag.graph.spec.schedule, order.from_date, order.to_date))
    except InvalidScheduleError:
        points = []
    if order.run_backwards:
        points.reverse()
    existing = {run.logical_date: run for run in event.existing}
    for point in points:
        found = existing.get(point.logical_date) if point.logical_date is not None else None
        if found is None:
            backfill.points.append(point)
        elif is_done_again(found, backfill_id=order.backfill_id, reprocess=order.reprocess):
            backfill.again.append(RunKey(order.dag_id, found.run_id))
    dag.backfills[order.backfill_id] = backfill
    for run in dag.runs.values():
        if not run.record.state.is_final:
            join_backfill(run)
    memory.touch_dag(dag)


def change_backfill(memory: Memory, command: ChangeBackfill, now: datetime) -> None:
    """Pause, go on, or cancel: queued runs then fail, running ones go on to their end."""
    for dag in memory.dags.values():
        backfill = dag.backfills.get(command.backfill_id)
        if backfill is None:
            continue
        backfill.is_paused = command.action == "pause"
        if command.action == "cancel":
            backfill.points.clear()
            backfill.again.clear()
            for run in list(backfill.runs.values()):
                if run.record.state is RunState.QUEUED:
                    reason = "its backfill was cancelled"
                    halt_tasks(
                        memory, run, now, reason, with_teardowns=True
                    )  # it has some if it is done again
                    end_run(memory, run, RunState.FAILED, now, reason=reason)
        memory.touch_dag(dag)


def advance_backfills(memory: Memory, dag: Dag, now: datetime) -> None:
    """Create and start the next runs of a DAG's backfills, as many as each allows."""
    for backfill in list(dag.backfills.values()):
        backfill.drop_ended()
        if dag.is_open and not backfill.is_paused:
            _fill(memory, dag, backfill, now)
        if not backfill.is_open:
            del dag.backfills[backfill.order.backfill_id]
            memory.decide(CompleteBackfill(backfill_id=backfill.order.backfill_id))


def _fill(memory: Memory, dag: Dag, backfill: Backfill, now: datetime) -> None:
    limit = backfill.order.max_active_runs
    for run in list(backfill.runs.values()):
        if run.record.state is RunState.QUEUED and backfill.active < limit:
            start_run(memory, run, now)
    while backfill.points and len(backfill.runs) + len(backfill.asked) < limit:
        run = _create_run(memory, dag, backfill, backfill.points.popleft(), now)
        start_run(memory, run, now)
    while backfill.again and len(backfill.runs) + len(backfill.asked) < limit:
        key = backfill.again.popleft()
        backfill.asked.add(key.run_id)
        memory.decide(AskRun(run_key=key))


def _create_run(memory: Memory, dag: Dag, backfill: Backfill, point: SchedulePoint, now: datetime) -> Run:
    assert dag.graph is not None, "only a known DAG gets new runs"
    order = backfill.order
    record = DagRunRecord(
        dag_id=dag.dag_id,
        run_id=make_run_id(RunType.BACKFILL, point),
        run_type=RunType.BACKFILL,
        state=RunState.QUEUED,
        run_after=min(point.run_after, now),
        version_hash=dag.graph.version_hash,
        logical_date=point.logical_date,
        data_interval_start=point.data_interval_start,
        data_interval_end=point.data_interval_end,
        queued_at=now,
        conf=order.conf,
        triggered_by="backfill",
        backfill_id=order.backfill_id,
        partition_key=partition_key_of(dag.graph.spec.schedule, point.run_after),
    )
    for other in dag.backfills.values():
        if other is not backfill and point in other.points:
            other.points.remove(point)
    return add_new_run(memory, dag, record, now)


def redo_run(memory: Memory, run: Run, now: datetime) -> None:
    """A run was loaded: if a backfill asked for it and it is still finished, it runs again as part of that backfill."""
    for backfill in run.dag.backfills.values():
        if run.record.run_id not in backfill.asked:
            continue
        backfill.asked.discard(run.record.run_id)
        memory.touch_dag(run.dag)
        if not run.record.state.is_final:
            return
        memory.update_run(run, run_type=RunType.BACKFILL, backfill_id=backfill.order.backfill_id)
        newest = run.dag.graph
        if backfill.order.newest_version and newest is not None and newest is not run.graph:
            change_version(memory, run, newest)
        clear_run(memory, run, now)
        return


def lose_run(memory: Memory, event: RunGone) -> None:
    """A run that a backfill asked for was deleted."""
    dag = memory.dags.get(event.run_key.dag_id)
    if dag is None:
        return
    for backfill in dag.backfills.values():
        backfill.asked.discard(event.run_key.run_id)
    memory.touch_dag(dag)

"""Which runs the schedule asks for, and when."""

from __future__ import annotations

from datetime import datetime

from etesian.lifecycle.records import DagRunRecord
from etesian.lifecycle.state import RunState, RunType
from etesian.scheduler.core.decisions import SaveNextRun
from etesian.scheduler.core.memory import Dag, Memory
from etesian.scheduler.core.runs import add_new_run
from etesian.scheduler.core.timers import TimerKind
from etesian.spec.schedule import SchedulePoint
from etesian.timetables import InvalidScheduleError, next_point
from etesian.timetables.run_partitions import partition_key_of


def plan_next_run(memory: Memory, dag: Dag, now: datetime) -> None:
    """Find out when the next run is due and set the timer for it.

    While as many runs are unfinished as may run, or the DAG is paused, no run is created: a long catch-up makes
    its runs one after the other, and not a thousand rows at once.
    """
    point = None if dag.is_gone else _find_next_point(dag, now)
    if point != dag.next_point:
        dag.next_point = point
        memory.decide(SaveNextRun(dag_id=dag.dag_id, point=point))
    dag.schedule_is_held = not dag.is_open or is_full(dag)
    if point is None or dag.schedule_is_held:
        memory.timers.cancel(TimerKind.SCHEDULE, dag)
    else:
        memory.timers.set(TimerKind.SCHEDULE, dag, point.run_after)


def review_schedule(memory: Memory, dag: Dag, now: datetime) -> None:
    """Hold the schedule while too many runs are unfinished; go on with it when what held it is over."""
    if dag.is_open and not is_full(dag):
        if dag.schedule_is_held:
            plan_next_run(memory, dag, now)
    elif not dag.schedule_is_held:
        dag.schedule_is_held = True
        memory.timers.cancel(TimerKind.SCHEDULE, dag)


def is_full(dag: Dag) -> bool:
    """Return whether as many runs are unfinished as may run; backfills do not count."""
    return dag.graph is None or dag.unfinished >= dag.graph.max_active_runs


def _find_next_point(dag: Dag, now: datetime) -> SchedulePoint | None:
    if dag.graph is None or not dag.graph.allows(RunType.SCHEDULED):
        return None
    spec = dag.graph.spec
    try:
        return next_point(
            spec.schedule,
            previous=dag.newest_point,
            start=spec.start_date,
            end=spec.end_date,
            catchup=spec.catchup,
            now=now,
        )
    except InvalidScheduleError:
        return None  # the parser reports it with the file's name; here the DAG just never is due


def create_due_runs(memory: Memory, dag: Dag, now: datetime) -> None:
    """Create the run whose time has come, and those after it that are due too, as many as may run."""
    while dag.is_open and not is_full(dag):
        point = dag.next_point
        if point is None or point.run_after > now:
            break
        _create_run(memory, dag, point, now)
        dag.newest_point = point
        dag.next_point = _find_next_point(dag, now)
        memory.decide(SaveNextRun(dag_id=dag.dag_id, point=dag.next_point))
    plan_next_run(memory, dag, now)


def _create_run(memory: Memory, dag: Dag, point: SchedulePoint, now: datetime) -> None:
    if dag.graph is None:
        return
    run_id = make_run_id(RunType.SCHEDULED, point)
    if run_id in dag.runs or _is_taken(dag, point):
        return  # what the point asks for has been run already
    record = DagRunRecord(
        dag_id=dag.dag_id,
        run_id=run_id,
        run_type=RunType.SCHEDULED,
        state=RunState.QUEUED,
        run_after=point.run_after,
        version_hash=dag.graph.version_hash,
        logical_date=point.logical_date,
        data_interval_start=point.data_interval_start,
        data_interval_end=point.data_interval_end,
        queued_at=now,
        partition_key=partition_key_of(dag.graph.spec.schedule, point.run_after),
    )
    add_new_run(memory, dag, record, now)


def _is_taken(dag: Dag, point: SchedulePoint) -> bool:
    """Return whether a run of another type has the point's date; dates that are passed need not be kept."""
    date = point.logical_date
    if date is None or not dag.taken_dates:
        return False
    is_taken = date in dag.taken_dates
    dag.taken_dates = {taken for taken in dag.taken_dates if taken > date}
    return is_taken


def make_run_id(run_type: RunType, point: SchedulePoint) -> str:
    """Return the name that Airflow would give the run: its type and its date."""
    return f"{run_type.value}__{(point.logical_date or point.run_after).isoformat()}"

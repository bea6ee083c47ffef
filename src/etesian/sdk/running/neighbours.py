"""The dates before and after a run's own in the schedule of its DAG."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from etesian.sdk.running.dag_run import DagRun
from etesian.spec.schedule import (
    CronIntervalSchedule,
    CronTriggerSchedule,
    DeltaIntervalSchedule,
    Schedule,
    SchedulePoint,
)
from etesian.timetables.due import manual_interval, next_point


def next_scheduled_date(run: DagRun, dag: Any) -> datetime | None:
    """Return the logical date that follows in the schedule; a run that somebody asked for has its own."""
    moment = _logical_date(run)
    if run.external_trigger or dag is None:
        return moment
    schedule = dag.timetable.to_schedule()
    current = SchedulePoint(
        run_after=run._run.run_after,
        logical_date=moment,
        data_interval_start=run._run.data_interval_start or moment,
        data_interval_end=run._run.data_interval_end or moment,
    )
    point = next_point(schedule, previous=current, start=None, end=None, catchup=True, now=current.run_after)
    return point.logical_date if point is not None else None


def previous_scheduled_date(run: DagRun, dag: Any) -> datetime | None:
    """Return the logical date that comes before in the schedule; a run that was asked for has its own."""
    moment = _logical_date(run)
    if run.external_trigger or dag is None:
        return moment
    schedule = _with_periods(dag.timetable.to_schedule())
    start, end = manual_interval(schedule, moment)
    return start if end <= moment and start < moment else None


def _logical_date(run: DagRun) -> datetime:
    return run._run.logical_date or run._run.run_after


def _with_periods(schedule: Schedule) -> Schedule:
    """Return a schedule of moments as one of the periods between them."""
    if isinstance(schedule, CronTriggerSchedule) and len(schedule.expressions) == 1:
        return CronIntervalSchedule(expression=schedule.expressions[0], timezone=schedule.timezone)
    if hasattr(schedule, "months") and hasattr(schedule, "seconds"):
        return DeltaIntervalSchedule(seconds=schedule.seconds, months=schedule.months)
    return schedule

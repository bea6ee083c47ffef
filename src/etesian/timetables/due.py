"""When a DAG runs next: one answer for every kind of schedule."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from etesian.spec.schedule import (
    AssetOrTimeSchedule,
    AssetSchedule,
    ContinuousSchedule,
    CronIntervalSchedule,
    CronTriggerSchedule,
    CustomSchedule,
    DeltaIntervalSchedule,
    DeltaTriggerSchedule,
    EventsSchedule,
    NoSchedule,
    OnceSchedule,
    Schedule,
    SchedulePoint,
)
from etesian.timetables.interval import manual_interval_of, next_interval
from etesian.timetables.point import Limits, end_of, point_at, point_over, start_of
from etesian.timetables.rhythm import INSTANT, DatesRhythm
from etesian.timetables.trigger import interval_start, next_event, next_trigger


def next_point(
    schedule: Schedule,
    *,
    previous: SchedulePoint | None,
    start: datetime | None,
    end: datetime | None,
    catchup: bool,
    now: datetime,
) -> SchedulePoint | None:
    """Return the next run to create after ``previous``; None when there will be none.

    A point whose ``run_after`` has passed is due at once. With ``catchup`` every point is returned in turn;
    without, the points missed before ``now`` are skipped but for the newest one. The cost does not depend
    on how many are skipped.

    Raises:
        InvalidScheduleError: the schedule cannot be carried out as it is written.
    """
    limits = Limits(start=start, end=end, catchup=catchup, now=now)
    try:
        return _next_point(schedule, previous, limits)
    except OverflowError:
        return None  # it lies behind the end of the calendar


def _next_point(schedule: Schedule, previous: SchedulePoint | None, limits: Limits) -> SchedulePoint | None:
    match schedule:
        case AssetOrTimeSchedule():
            return _next_point(schedule.timetable, previous, limits)
        case CronTriggerSchedule() | DeltaTriggerSchedule():
            return next_trigger(schedule, previous, limits)
        case CronIntervalSchedule() | DeltaIntervalSchedule():
            return next_interval(schedule, previous, limits)
        case EventsSchedule():
            return next_event(schedule, previous, limits)
        case OnceSchedule():
            return _only_run(previous, limits)
        case ContinuousSchedule():
            return _next_continuous(previous, limits)
        case CustomSchedule():
            return _next_listed(schedule, previous, limits)
        case NoSchedule() | AssetSchedule():
            return None


def points_between(schedule: Schedule, start: datetime, end: datetime) -> Iterator[SchedulePoint]:
    """Yield the points of a backfill: those of catch-up for a DAG that lives from ``start`` to ``end``.

    ``end`` bounds the logical date of periods. Of a custom timetable only the points that the parser wrote
    down are known; a continuous one has none.
    """
    if isinstance(schedule, ContinuousSchedule):
        return
    previous: SchedulePoint | None = None
    while point := next_point(schedule, previous=previous, start=start, end=end, catchup=True, now=end):
        yield point
        previous = point
        if isinstance(schedule, OnceSchedule):
            return


def manual_interval(schedule: Schedule, run_after: datetime) -> tuple[datetime, datetime]:
    """Return the data interval of a run that somebody asks for at ``run_after``."""
    match schedule:
        case AssetOrTimeSchedule():
            return manual_interval(schedule.timetable, run_after)
        case CronIntervalSchedule() | DeltaIntervalSchedule():
            return manual_interval_of(schedule, run_after)
        case CronTriggerSchedule() | DeltaTriggerSchedule():
            return interval_start(schedule, run_after), run_after
        case EventsSchedule(restrict_to_events=True, dates=dates) if dates:
            rhythm = DatesRhythm.of(dates)
            event = rhythm.until(run_after) or rhythm.dates[0]
            return event, event
        case _:
            return run_after, run_after


def preview(
    schedule: Schedule, start: datetime | None, now: datetime, count: int, *, end: datetime | None = None
) -> tuple[SchedulePoint, ...]:
    """Return the next ``count`` points that fire later than ``now``, for people to see; none after ``end``."""
    return tuple(islice(_upcoming(schedule, start, end, now), count))


def _upcoming(
    schedule: Schedule, start: datetime | None, end: datetime | None, now: datetime
) -> Iterator[SchedulePoint]:
    point = next_point(schedule, previous=None, start=start, end=end, catchup=False, now=now)
    while point is not None:
        if point.run_after > now:
            yield point
        if isinstance(schedule, ContinuousSchedule):
            return  # its further runs depend on how long each takes
        point = next_point(schedule, previous=point, start=start, end=end, catchup=True, now=now)


def _only_run(previous: SchedulePoint | None, limits: Limits) -> SchedulePoint | None:
    """Return the one run of ``@once``: at the start date, catch-up or not, or at once."""
    moment = limits.start or limits.now
    if previous is not None or (limits.end is not None and moment > limits.end):
        return None
    return point_at(moment)


def _next_continuous(previous: SchedulePoint | None, limits: Limits) -> SchedulePoint | None:
    """Return the run that covers the time since the one before; the caller asks when that one has ended."""
    start = limits.start or limits.now
    length = timedelta(0)
    if previous is not None:
        start = end_of(previous)
        if start > limits.now:
            length = start - start_of(previous)
        if start == start_of(previous):
            start += INSTANT  # two runs never share a logical date, however fast the first one was
    end = max(start + length, limits.now)
    if limits.end is not None and end > limits.end:
        return None
    return point_over(start, end)


def _next_listed(
    schedule: CustomSchedule, previous: SchedulePoint | None, limits: Limits
) -> SchedulePoint | None:
    """Return the next of the points that the user's class gave."""
    points = [
        point
        for point in schedule.points
        if (previous is None or point.run_after > previous.run_after)
        and (limits.start is None or point.run_after >= limits.start)
        and (limits.end is None or start_of(point) <= limits.end)
    ]
    if not points:
        return None
    missed = [point for point in points if point.run_after <= limits.now]
    return missed[-1] if missed and not limits.catchup else points[0]

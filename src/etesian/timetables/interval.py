"""Timetables that cover periods and fire at their end, as cron and delta schedules did in Airflow 1 and 2."""

from __future__ import annotations

from datetime import datetime, timedelta

from etesian.spec.schedule import CronIntervalSchedule, DeltaIntervalSchedule, SchedulePoint
from etesian.timetables.point import Limits, end_of, point_over, start_of
from etesian.timetables.rhythm import EPOCH, CronRhythm, DeltaRhythm, Rhythm, first_from, last_before

IntervalSchedule = CronIntervalSchedule | DeltaIntervalSchedule


def next_interval(
    schedule: IntervalSchedule, previous: SchedulePoint | None, limits: Limits
) -> SchedulePoint | None:
    """Return the next period to run. Without catch-up it is at the earliest the newest complete one.

    Periods follow one another without a gap; the first begins at the first boundary from the start date on.
    """
    rhythm = _rhythm(schedule, previous, limits)
    start = _earliest_start(rhythm, limits, is_first=previous is None)
    if start is None and limits.start is not None:
        return None  # it begins behind the end of the calendar
    if previous is not None:
        start = _latest(start, rhythm.until(end_of(previous)))
        if start is not None and start <= start_of(previous):  # the schedule became coarser since then
            start = rhythm.after(start_of(previous))
    if start is None or (limits.end is not None and start > limits.end):
        return None
    end = rhythm.after(start)
    return None if end is None else point_over(start, end)


def manual_interval_of(schedule: IntervalSchedule, run_after: datetime) -> tuple[datetime, datetime]:
    """Return the period that a run asked for at ``run_after`` covers: the newest complete one."""
    if isinstance(schedule, DeltaIntervalSchedule):
        end: datetime | None = run_after
        rhythm: Rhythm = DeltaRhythm.of(schedule, run_after)
    else:
        rhythm = CronRhythm.parse((schedule.expression,), schedule.timezone)
        end = rhythm.until(run_after)
    start = last_before(rhythm, end) if end else None
    return (start, end) if start and end else (run_after, run_after)


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _earliest_start(rhythm: Rhythm, limits: Limits, *, is_first: bool) -> datetime | None:
    """Return the earliest boundary at which a period to run may begin."""
    from_start_date = first_from(rhythm, limits.start) if limits.start else None
    if limits.start and from_start_date is None:
        return None
    if limits.catchup and (limits.start or not is_first):
        return from_start_date
    newest_end = rhythm.until(limits.now)
    newest = last_before(rhythm, newest_end) if newest_end else None
    return _latest(newest, from_start_date)


def _rhythm(schedule: IntervalSchedule, previous: SchedulePoint | None, limits: Limits) -> Rhythm:
    if isinstance(schedule, CronIntervalSchedule):
        return CronRhythm.parse((schedule.expression,), schedule.timezone)
    return DeltaRhythm.of(schedule, _anchor(schedule, previous, limits))


def _anchor(schedule: DeltaIntervalSchedule, previous: SchedulePoint | None, limits: Limits) -> datetime:
    """Return a boundary that all others follow from.

    The periods keep the phase of the runs that exist. The first period begins at the start date; where
    periods were skipped before the first run (no catch-up), fixed steps count from the epoch, so that days
    begin at midnight.
    """
    if previous is not None:
        end = end_of(previous)
        if limits.start and DeltaRhythm.of(schedule, limits.start).until(end) == end:
            return limits.start  # the same boundaries, but months still count from the day they began on
        return end
    if schedule.months or limits.catchup:
        return limits.start or limits.now
    on_epoch = DeltaRhythm.of(schedule, EPOCH)
    newest_start = (on_epoch.until(limits.now) or EPOCH) - timedelta(seconds=schedule.seconds)
    return limits.start if limits.start and limits.start > newest_start else newest_start

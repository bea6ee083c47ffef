"""Timetables that fire at a moment: cron and delta triggers, and fixed events."""

from __future__ import annotations

from datetime import datetime, timedelta

from etesian.spec.schedule import CronTriggerSchedule, DeltaTriggerSchedule, EventsSchedule, SchedulePoint
from etesian.timetables.months import add_months
from etesian.timetables.point import Limits, end_of, point_at, point_over
from etesian.timetables.rhythm import CronRhythm, DatesRhythm, DeltaRhythm, Rhythm, first_from
from etesian.timetables.wall_clock import EARLIEST

TriggerSchedule = CronTriggerSchedule | DeltaTriggerSchedule

#: A DAG without a start date that is first seen shortly after a cron time still runs it: within a tenth
#: of the period, and at least this.
_SHORT_DELAY = timedelta(minutes=5)


def next_trigger(
    schedule: TriggerSchedule, previous: SchedulePoint | None, limits: Limits
) -> SchedulePoint | None:
    """Return the next moment to run at. Without catch-up it is at the earliest the newest that has passed.

    A DAG without a start date and without runs waits for the next moment, unless ``run_immediately`` or a
    delay of less than a tenth of the period lets it run the one that has just passed.
    """
    rhythm = _rhythm(schedule, previous, limits)
    candidates: list[datetime | None] = []
    if previous is not None:
        candidates.append(rhythm.after(end_of(previous)))
    elif limits.start is None:
        candidates.append(_first_moment(schedule, rhythm, limits.now))
    if limits.start is not None:
        candidates.append(first_from(rhythm, limits.start))
    if None in candidates:
        return None
    if not limits.catchup:
        candidates.append(rhythm.until(limits.now))
    moment = max(found for found in candidates if found is not None)
    if limits.end is not None and moment > limits.end:
        return None
    return point_over(interval_start(schedule, moment), moment)


def next_event(
    schedule: EventsSchedule, previous: SchedulePoint | None, limits: Limits
) -> SchedulePoint | None:
    """Return the next event. Without catch-up a DAG that has no runs waits for one in the future."""
    rhythm = DatesRhythm.of(schedule.dates)
    candidates = [first_from(rhythm, limits.start or EARLIEST)]
    if previous is not None:
        candidates.append(rhythm.after(end_of(previous)))
    elif not limits.catchup:
        candidates.append(first_from(rhythm, limits.now))
    if None in candidates:
        return None
    if previous is not None and not limits.catchup:
        candidates.append(rhythm.until(limits.now))
    moment = max(found for found in candidates if found is not None)
    return None if limits.end is not None and moment > limits.end else point_at(moment)


def interval_start(schedule: TriggerSchedule, moment: datetime) -> datetime:
    """Return where the data interval of a run at ``moment`` starts."""
    months = schedule.interval_months if isinstance(schedule, CronTriggerSchedule) else 0
    return add_months(moment, -months) - timedelta(seconds=schedule.interval_seconds)


def _first_moment(schedule: TriggerSchedule, rhythm: Rhythm, now: datetime) -> datetime | None:
    """Return when a DAG runs first that has neither a start date nor runs."""
    if isinstance(schedule, DeltaTriggerSchedule):
        return now
    past, upcoming = rhythm.until(now), first_from(rhythm, now)
    if past is None or schedule.run_immediately is True:
        return past or upcoming
    if schedule.run_immediately is False:
        delay = max((upcoming - past) / 10, _SHORT_DELAY) if upcoming else _SHORT_DELAY
    else:
        delay = timedelta(seconds=schedule.run_immediately)
    return past if now - past <= delay else upcoming


def _rhythm(schedule: TriggerSchedule, previous: SchedulePoint | None, limits: Limits) -> Rhythm:
    if isinstance(schedule, CronTriggerSchedule):
        return CronRhythm.parse(schedule.expressions, schedule.timezone)
    by_start = DeltaRhythm.of(schedule, limits.start or limits.now)
    if previous is None or by_start.until(end_of(previous)) == end_of(previous):
        return by_start
    return DeltaRhythm.of(schedule, end_of(previous))

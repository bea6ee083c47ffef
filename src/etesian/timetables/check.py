"""Refuse a schedule that can never be carried out, where it is written rather than when it is due."""

from __future__ import annotations

from etesian.spec.schedule import (
    AssetOrTimeSchedule,
    CronIntervalSchedule,
    CronTriggerSchedule,
    DeltaIntervalSchedule,
    DeltaTriggerSchedule,
    Schedule,
)
from etesian.timetables.rhythm import EPOCH, CronRhythm, DeltaRhythm


def check_schedule(schedule: Schedule) -> None:
    """Do nothing when the schedule can be carried out.

    Raises:
        InvalidScheduleError: a bad cron expression, an unknown time zone, or steps that do not lead forward.
    """
    match schedule:
        case AssetOrTimeSchedule():
            check_schedule(schedule.timetable)
        case CronTriggerSchedule():
            CronRhythm.parse(schedule.expressions, schedule.timezone)
        case CronIntervalSchedule():
            CronRhythm.parse((schedule.expression,), schedule.timezone)
        case DeltaTriggerSchedule() | DeltaIntervalSchedule():
            DeltaRhythm.of(schedule, EPOCH)
        case _:
            pass

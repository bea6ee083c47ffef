"""Schedule points, and the limits within which the next one is looked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from etesian.spec.schedule import SchedulePoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What bounds the next point besides the schedule itself. All moments are aware."""

    start: datetime | None  #: the DAG's start date
    end: datetime | None  #: the DAG's end date
    catchup: bool  #: False: of the points missed before ``now`` only the newest counts
    now: datetime


def point_at(moment: datetime) -> SchedulePoint:
    """Return the point whose interval is the moment itself."""
    return point_over(moment, moment)


def point_over(start: datetime, end: datetime) -> SchedulePoint:
    """Return the point that covers an interval and fires at its end; its logical date is the start."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    return SchedulePoint(run_after=end, logical_date=start, data_interval_start=start, data_interval_end=end)


def end_of(point: SchedulePoint) -> datetime:
    """Return where a point's interval ends."""
    return point.data_interval_end or point.run_after


def start_of(point: SchedulePoint) -> datetime:
    """Return where a point's interval starts."""
    return point.data_interval_start or point.logical_date or point.run_after

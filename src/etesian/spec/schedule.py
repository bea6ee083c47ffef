"""How a DAG's schedule is written down. What it means is computed in ``timetables``.

Every schedule is plain data: the scheduler never imports a user's timetable class. For a custom class the parser
writes down the points that the class gave it (``CustomSchedule.points``) and renews them while the DAG lives.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import msgspec

from etesian.spec.asset import AssetCondition
from etesian.spec.partition import AssetPartitions, CronPartition


class SchedulePoint(msgspec.Struct, frozen=True, kw_only=True):
    """One moment at which a run is due."""

    run_after: datetime  #: aware UTC; the run may start from then on
    logical_date: datetime | None = None
    data_interval_start: datetime | None = None
    data_interval_end: datetime | None = None


class NoSchedule(msgspec.Struct, frozen=True, tag="none"):
    """Runs only when asked for (``schedule=None``)."""


class OnceSchedule(msgspec.Struct, frozen=True, tag="once"):
    """One run, at the start date or at once (``@once``)."""


class ContinuousSchedule(msgspec.Struct, frozen=True, tag="continuous"):
    """A new run as soon as the one before has ended (``@continuous``)."""


class CronTriggerSchedule(msgspec.Struct, frozen=True, kw_only=True, tag="cron_trigger"):
    """Fires at each cron time; several expressions give the union of their times."""

    expressions: tuple[str, ...]
    timezone: str = "UTC"  #: IANA name or a fixed offset such as ``+02:00``
    interval_seconds: float = 0.0  #: length of the data interval that ends at the cron time; 0 is a point
    interval_months: int = 0  #: calendar months of that interval, added to ``interval_seconds``
    run_immediately: bool | float = (
        False  #: on first sight run the missed time; seconds: only if missed by less
    )
    partition: CronPartition | msgspec.UnsetType = msgspec.UNSET  #: which partition a run is about, if any


class CronIntervalSchedule(msgspec.Struct, frozen=True, kw_only=True, tag="cron_interval"):
    """Covers the period between two cron times and fires at its end (Airflow 1 and 2)."""

    expression: str
    timezone: str = "UTC"


class DeltaTriggerSchedule(msgspec.Struct, frozen=True, kw_only=True, tag="delta_trigger"):
    """Fires every delta from the start date; months and years follow the calendar."""

    seconds: float = 0.0
    months: int = 0
    interval_seconds: float = 0.0  #: length of the data interval that ends when it fires


class DeltaIntervalSchedule(msgspec.Struct, frozen=True, kw_only=True, tag="delta_interval"):
    """Covers one delta and fires at its end (Airflow 1 and 2)."""

    seconds: float = 0.0
    months: int = 0


class EventsSchedule(msgspec.Struct, frozen=True, kw_only=True, tag="events"):
    """Fires at fixed moments."""

    dates: tuple[datetime, ...]
    restrict_to_events: bool = False
    description: str = ""


class AssetSchedule(msgspec.Struct, frozen=True, kw_only=True, tag="assets"):
    """Fires when its assets were updated."""

    condition: AssetCondition
    partitions: AssetPartitions | msgspec.UnsetType = msgspec.UNSET  #: a run is about one of these, if set


class AssetOrTimeSchedule(msgspec.Struct, frozen=True, kw_only=True, tag="asset_or_time"):
    """Fires when its assets were updated, and by time as well."""

    condition: AssetCondition
    timetable: TimeSchedule


class CustomSchedule(msgspec.Struct, frozen=True, kw_only=True, tag="custom"):
    """A user's timetable class, evaluated by the parser; the scheduler sees the points it gave."""

    class_path: str
    data: dict[str, object] = {}  #: what the class's ``serialize()`` gave
    points: tuple[SchedulePoint, ...] = ()  #: the next points, in order of ``run_after``
    description: str = ""


TimeSchedule: TypeAlias = (
    NoSchedule
    | OnceSchedule
    | ContinuousSchedule
    | CronTriggerSchedule
    | CronIntervalSchedule
    | DeltaTriggerSchedule
    | DeltaIntervalSchedule
    | EventsSchedule
    | CustomSchedule
)
Schedule: TypeAlias = TimeSchedule | AssetSchedule | AssetOrTimeSchedule


def partitions_of(schedule: Schedule) -> AssetPartitions | None:
    """Return how a schedule by assets tells partitions apart; None if it does not."""
    partitions = schedule.partitions if isinstance(schedule, AssetSchedule) else msgspec.UNSET
    return None if partitions is msgspec.UNSET else partitions

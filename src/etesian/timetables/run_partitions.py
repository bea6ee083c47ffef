"""Which partition a run is about, and when the period of that partition begins."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from etesian.spec.partition import CronPartition
from etesian.spec.schedule import CronTriggerSchedule, Schedule, partitions_of
from etesian.timetables.partitions import PartitionKeyError, start_of
from etesian.timetables.rhythm import CronRhythm
from etesian.timetables.zone import load_zone

_MOMENT = timedelta(microseconds=1)


def partition_key_of(schedule: Schedule, moment: datetime) -> str | None:
    """Return the key of the partition that a run at a time of the schedule is about; None if it is about none.

    Raises:
        InvalidScheduleError: the schedule makes no sense.
    """
    partition = _cron_partition(schedule)
    if partition is None or not isinstance(schedule, CronTriggerSchedule):
        return None
    rhythm = CronRhythm.parse(schedule.expressions, schedule.timezone)
    date: datetime | None = moment
    for _ in range(abs(partition.offset)):
        if date is not None:
            date = rhythm.after(date) if partition.offset > 0 else rhythm.until(date - _MOMENT)
    if date is None:
        return None
    return date.astimezone(load_zone(schedule.timezone)).strftime(partition.key_format)


def partition_date_of(schedule: Schedule, key: str) -> datetime | None:
    """Return when the period begins that a key names; None if the key is about no time, or cannot be read."""
    partition, by_assets = _cron_partition(schedule), partitions_of(schedule)
    if partition is not None and isinstance(schedule, CronTriggerSchedule):
        try:
            read = datetime.strptime(key, partition.key_format)  # noqa: DTZ007  # a wall clock's time
        except ValueError:
            return None
        return read if read.tzinfo is not None else read.replace(tzinfo=load_zone(schedule.timezone))
    if by_assets is None:
        return None
    for mapper in (*(mapping.mapper for mapping in by_assets.mappings), by_assets.default):
        try:
            found = start_of(mapper, key)
        except PartitionKeyError:
            continue
        if found is not None:
            return found
    return None


def _cron_partition(schedule: Schedule) -> CronPartition | None:
    partition = schedule.partition if isinstance(schedule, CronTriggerSchedule) else msgspec.UNSET
    return None if partition is msgspec.UNSET else partition

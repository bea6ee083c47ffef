"""The logical dates of a timetable: between two moments, after one, before one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from etesian.foundation.clock import utc_now
from etesian.sdk.timetables.timetable_base import DagRunInfo, TimeRestriction, Timetable

_INSTANT: Final = timedelta(microseconds=1)
#: How far to look back for the date before a moment. Each is the former about eight times, so that a frequent
#: schedule is answered from a few dates and a rare one is found at all.
_LOOKS_BACK: Final = tuple(timedelta(hours=8**power) for power in range(7))


def runs_between(
    timetable: Timetable, earliest: datetime | None, latest: datetime | None
) -> Iterator[DagRunInfo]:
    """Yield the runs whose logical dates lie between two moments, both included; ``latest`` is now by default."""
    restriction = TimeRestriction(earliest=earliest, latest=latest or utc_now(), catchup=True)
    info = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    while info is not None:
        yield info
        if info.data_interval is None:
            return  # what follows a run about nothing is not known from it
        info = timetable.next_dagrun_info(
            last_automated_data_interval=info.data_interval, restriction=restriction
        )


def date_after(timetable: Timetable, moment: datetime) -> datetime | None:
    """Return the first logical date after ``moment``; of a duration, the one that follows a run at ``moment``."""
    restriction = TimeRestriction(earliest=moment, latest=None, catchup=True)
    info = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    if info is not None and info.logical_date <= moment:
        info = timetable.next_dagrun_info(
            last_automated_data_interval=info.data_interval, restriction=restriction
        )
    return None if info is None else info.logical_date


def date_before(timetable: Timetable, moment: datetime) -> datetime | None:
    """Return the last logical date before ``moment``; of a duration, the one that a run at ``moment`` follows."""
    delta = getattr(timetable, "delta", None)
    if delta is not None:
        before: datetime = moment - delta
        return before
    for look_back in _LOOKS_BACK:
        last = deque(runs_between(timetable, moment - look_back, moment - _INSTANT), maxlen=1)
        if last:
            return last[0].logical_date
    return None

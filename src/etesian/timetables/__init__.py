"""When a DAG is due: arithmetic on dates, nothing else. No clock, no I/O; ``now`` is an argument."""

from etesian.timetables.check import check_schedule
from etesian.timetables.describe import describe
from etesian.timetables.due import manual_interval, next_point, points_between, preview
from etesian.timetables.errors import InvalidCronError, InvalidScheduleError, UnknownTimezoneError

__all__ = [
    "InvalidCronError",
    "InvalidScheduleError",
    "UnknownTimezoneError",
    "check_schedule",
    "describe",
    "manual_interval",
    "next_point",
    "points_between",
    "preview",
]

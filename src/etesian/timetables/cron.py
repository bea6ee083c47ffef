"""Cron expressions on the wall clock, without any time zone: the next and the previous matching wall time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from etesian.timetables.cron_days import DayRule, days_of_month, parse_days
from etesian.timetables.cron_field import HOUR, MINUTE, MONTH, SECOND, YEAR, CronField, FieldReader
from etesian.timetables.errors import InvalidCronError

PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
#: The longest wait of any date pattern is 40 years (29 February on a given weekday, across 2100).
_SEARCH_MONTHS = 12 * 41
_SECOND = timedelta(seconds=1)


def wall_time(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """Return a reading of a wall clock, which names no moment until a zone is given."""
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001


@dataclass(frozen=True, slots=True, kw_only=True)
class CronExpression:
    """A parsed cron expression; see ``parse_cron``. All times here are naive wall times in whole seconds."""

    text: str
    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    day_rule: DayRule
    months: frozenset[int]
    years: frozenset[int] | None  #: None: every year

    @property
    def covers_every_hour(self) -> bool:
        """Whether it fires in each hour of its days; it then follows elapsed time across DST."""
        return len(self.hours) == 24

    def after(self, wall: datetime) -> datetime | None:
        """Return the first matching wall time later than ``wall``; None: none within 41 years."""
        year, month, day = wall.year, wall.month, wall.day
        if day in self._days(year, month) and (
            later := self._time_after(wall.hour, wall.minute, wall.second)
        ):
            return wall.replace(hour=later[0], minute=later[1], second=later[2], microsecond=0)
        for _ in range(_SEARCH_MONTHS):
            days = self._days(year, month)
            index = bisect_right(days, day)
            if index < len(days):
                return wall_time(year, month, days[index], self.hours[0], self.minutes[0], self.seconds[0])
            day = 0
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        return None

    def before(self, wall: datetime) -> datetime | None:
        """Return the last matching wall time earlier than ``wall``; None: none within 41 years."""
        if wall.microsecond:
            wall = wall.replace(microsecond=0) + _SECOND
        year, month, day = wall.year, wall.month, wall.day
        if day in self._days(year, month) and (
            found := self._time_before(wall.hour, wall.minute, wall.second)
        ):
            return wall.replace(hour=found[0], minute=found[1], second=found[2])
        for _ in range(_SEARCH_MONTHS):
            days = self._days(year, month)
            index = bisect_left(days, day)
            if index:
                hour, minute, second = self.hours[-1], self.minutes[-1], self.seconds[-1]
                return wall_time(year, month, days[index - 1], hour, minute, second)
            day = 32
            year, month = (year, month - 1) if month > 1 else (year - 1, 12)
        return None

    def _days(self, year: int, month: int) -> tuple[int, ...]:
        if month not in self.months or (self.years is not None and year not in self.years):
            return ()
        return days_of_month(self.day_rule, year, month)

    def _time_after(self, hour: int, minute: int, second: int) -> tuple[int, int, int] | None:
        """Return the first time of day later than the given one."""
        if hour in self.hours:
            if minute in self.minutes:
                index = bisect_right(self.seconds, second)
                if index < len(self.seconds):
                    return hour, minute, self.seconds[index]
            index = bisect_right(self.minutes, minute)
            if index < len(self.minutes):
                return hour, self.minutes[index], self.seconds[0]
        index = bisect_right(self.hours, hour)
        if index < len(self.hours):
            return self.hours[index], self.minutes[0], self.seconds[0]
        return None

    def _time_before(self, hour: int, minute: int, second: int) -> tuple[int, int, int] | None:
        """Return the last time of day earlier than the given one."""
        if hour in self.hours:
            if minute in self.minutes:
                index = bisect_left(self.seconds, second)
                if index:
                    return hour, minute, self.seconds[index - 1]
            index = bisect_left(self.minutes, minute)
            if index:
                return hour, self.minutes[index - 1], self.seconds[-1]
        index = bisect_left(self.hours, hour)
        if index:
            return self.hours[index - 1], self.minutes[-1], self.seconds[-1]
        return None


@lru_cache(maxsize=8192)
def parse_cron(text: str) -> CronExpression:
    """Return the meaning of a cron expression or preset.

    Fields are minute, hour, day-of-month, month, day-of-week, and optionally second and year after them.

    >>> parse_cron("30 9 * * MON-FRI").after(datetime(2030, 1, 4, 12))
    datetime.datetime(2030, 1, 7, 9, 30)

    Raises:
        InvalidCronError: it is not one, or no date ever matches it.
    """
    fields = PRESETS.get(text.strip().lower(), text).split()
    if not 5 <= len(fields) <= 7:
        presets = ", ".join(PRESETS)
        raise InvalidCronError(
            text,
            f"it has {len(fields)} fields; write minute, hour, day-of-month, month and day-of-week, "
            f"optionally followed by second and year, or one of {presets}",
        )
    minute, hour, day, month, weekday, second, year = (*fields, *("0", "*")[len(fields) - 5 :])
    expression = CronExpression(
        text=text,
        seconds=_values(text, SECOND, second),
        minutes=_values(text, MINUTE, minute),
        hours=_values(text, HOUR, hour),
        day_rule=parse_days(text, day, weekday),
        months=frozenset(_values(text, MONTH, month)),
        years=None if year == "*" else frozenset(_values(text, YEAR, year)),
    )
    first_year = min(expression.years) if expression.years else 2000
    if expression.after(wall_time(first_year - 1, 12, 31, 23, 59, 59)) is None:
        problem = f"no month has such a day: day-of-month {day!r} in month {month!r}"
        raise InvalidCronError(text, problem, field="day-of-month")
    return expression


def _values(expression: str, field: CronField, text: str) -> tuple[int, ...]:
    reader = FieldReader(expression, field, text)
    return tuple(sorted({value for item in reader.items() for value in reader.values(item)}))

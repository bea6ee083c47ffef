"""Which days of a month a cron expression means."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from functools import lru_cache

from etesian.timetables.cron_field import DAY, WEEKDAY, FieldReader

_NEAREST = re.compile(r"^(?:(\d+)W|W(\d+))$")
_LAST_WEEKDAY = re.compile(r"^L(\d|[A-Z]{3})$")


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRule:
    """The day-of-month and day-of-week fields together.

    When both are restricted a day that meets one of them is enough, as in every cron since the first.
    Weekdays count from Sunday, 0.
    """

    days: frozenset[int]
    last_day: bool  #: ``L``
    nearest: frozenset[int]  #: ``15W``: the Monday to Friday nearest to the 15th
    any_day: bool  #: the day-of-month field restricts nothing
    weekdays: frozenset[int]
    nth_weekdays: frozenset[tuple[int, int]]  #: ``MON#2``
    last_weekdays: frozenset[int]  #: ``L5``
    any_weekday: bool


def parse_days(expression: str, day_text: str, weekday_text: str) -> DayRule:
    """Return the rule of the two day fields.

    Raises:
        InvalidCronError: one of them is not well formed.
    """
    days: set[int] = set()
    nearest: set[int] = set()
    last_day = False
    reader = FieldReader(expression, DAY, day_text)
    for item in reader.items():
        if item == "L":
            last_day = True
        elif found := _NEAREST.match(item):
            nearest.add(reader.value(found[1] or found[2], item))
        else:
            days |= reader.values(item)

    weekdays: set[int] = set()
    nth: set[tuple[int, int]] = set()
    last_weekdays: set[int] = set()
    reader = FieldReader(expression, WEEKDAY, weekday_text)
    for item in reader.items():
        which, hash_sign, number = item.partition("#")
        if hash_sign:
            if number not in ("1", "2", "3", "4", "5"):
                raise reader.refuse(item)
            nth |= {(weekday, int(number)) for weekday in reader.values(which)}
        elif found := _LAST_WEEKDAY.match(item):
            last_weekdays.add(reader.value(found[1], item))
        else:
            weekdays |= reader.values(item)

    return DayRule(
        days=frozenset(days),
        last_day=last_day,
        nearest=frozenset(nearest),
        any_day=_restricts_nothing(day_text, len(days) == 31, weekday_text),
        weekdays=frozenset(weekdays),
        nth_weekdays=frozenset(nth),
        last_weekdays=frozenset(last_weekdays),
        any_weekday=_restricts_nothing(weekday_text, len(weekdays) == 7, day_text),
    )


def _restricts_nothing(text: str, is_full: bool, other_text: str) -> bool:
    """Return whether a day field is a wildcard; a full list such as ``1-31`` is one only beside a star."""
    return text in ("*", "?") or (is_full and ("*" in other_text or "?" in other_text))


@lru_cache(maxsize=8192)
def days_of_month(rule: DayRule, year: int, month: int) -> tuple[int, ...]:
    """Return the days of one month that the rule means, in order."""
    first_weekday, length = monthrange(year, month)
    sunday_based = (first_weekday + 1) % 7
    if rule.any_day and rule.any_weekday:
        return tuple(range(1, length + 1))
    by_day = set() if rule.any_day else _by_day(rule, sunday_based, length)
    by_weekday = set() if rule.any_weekday else _by_weekday(rule, sunday_based, length)
    return tuple(sorted(by_day | by_weekday))


def _by_day(rule: DayRule, first_weekday: int, length: int) -> set[int]:
    days = {day for day in rule.days if day <= length}
    if rule.last_day:
        days.add(length)
    days |= {_nearest_working_day(day, first_weekday, length) for day in rule.nearest if day <= length}
    return days


def _nearest_working_day(day: int, first_weekday: int, length: int) -> int:
    weekday = (first_weekday + day - 1) % 7
    if weekday == 6:
        return day - 1 if day > 1 else day + 2
    if weekday == 0:
        return day + 1 if day < length else day - 2
    return day


def _by_weekday(rule: DayRule, first_weekday: int, length: int) -> set[int]:
    found = set()
    for day in range(1, length + 1):
        weekday = (first_weekday + day - 1) % 7
        if (
            weekday in rule.weekdays
            or (weekday, (day + 6) // 7) in rule.nth_weekdays
            or (weekday in rule.last_weekdays and day + 7 > length)
        ):
            found.add(day)
    return found

"""Days of the week, as numbers from Monday 1 to Sunday 7, by name or by enumeration."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, unique

from etesian.sdk.exceptions import AirflowException


class UnknownWeekDayError(AirflowException, ValueError, AttributeError):
    """A text that names no day of the week."""


@unique
class WeekDay(IntEnum):
    """A day of the week; its number is ISO's."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7

    @classmethod
    def get_weekday_number(cls, week_day_str: str) -> int:
        """Return the number of a day's name.

        Raises:
            UnknownWeekDayError: it names no day.
        """
        return cls.convert(week_day_str)

    @classmethod
    def convert(cls, day: str | WeekDay) -> int:
        """Return the number of a day.

        Raises:
            UnknownWeekDayError: it names no day.
        """
        if isinstance(day, WeekDay):
            return int(day)
        try:
            return int(cls[str(day).strip().upper()])
        except KeyError:
            days = ", ".join(known.name.title() for known in cls)
            raise UnknownWeekDayError(f"there is no week day {day!r}; there are {days}") from None

    @classmethod
    def validate_week_day(cls, week_day: str | WeekDay | Iterable[str | WeekDay]) -> set[int]:
        """Return the numbers of one day or several.

        Raises:
            UnknownWeekDayError: one names no day.

        >>> sorted(WeekDay.validate_week_day({WeekDay.MONDAY, "friday"}))
        [1, 5]
        """
        days = [week_day] if isinstance(week_day, str | WeekDay) else list(week_day)
        return {cls.convert(day) for day in days}

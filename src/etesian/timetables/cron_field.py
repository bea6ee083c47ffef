"""The grammar of one cron field: stars, numbers, names, ranges, steps and lists of them."""

from __future__ import annotations

from dataclasses import dataclass

from etesian.timetables.errors import InvalidCronError


@dataclass(frozen=True, slots=True, kw_only=True)
class CronField:
    """What one field may hold."""

    name: str
    low: int
    high: int
    names: dict[str, int]
    special: str = ""  #: forms that only this field takes, for the error message

    @property
    def allowed(self) -> str:
        """What the field takes, in words."""
        names = f" or {next(iter(self.names))}-{list(self.names)[-1]}" if self.names else ""
        special = f", {self.special}" if self.special else ""
        return f"{self.low}-{self.high}{names}, *, a-b, */n, a-b/n, lists of these{special}"


_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

MINUTE = CronField(name="minute", low=0, high=59, names={})
HOUR = CronField(name="hour", low=0, high=23, names={})
DAY = CronField(
    name="day-of-month",
    low=1,
    high=31,
    names={},
    special="L for the last day, 15W for the weekday nearest the 15th",
)
MONTH = CronField(name="month", low=1, high=12, names={name: i for i, name in enumerate(_MONTHS, start=1)})
WEEKDAY = CronField(
    name="day-of-week",
    low=0,
    high=6,
    names={name: i for i, name in enumerate(_WEEKDAYS)},
    special="7 for Sunday, MON#2 for the second Monday, L5 for the last Friday",
)
SECOND = CronField(name="second", low=0, high=59, names={})
YEAR = CronField(name="year", low=1970, high=2099, names={})


class FieldReader:
    """Reads one field of one expression; knows both for its error messages."""

    def __init__(self, expression: str, field: CronField, text: str) -> None:
        self._expression = expression
        self._field = field
        self._text = text

    def refuse(self, item: str) -> InvalidCronError:
        """Return the error for an item that the field does not take."""
        shown = repr(item) if item == self._text else f"{item!r} in {self._text!r}"
        return InvalidCronError(
            self._expression,
            f"the {self._field.name} field cannot be {shown}; allowed: {self._field.allowed}",
            field=self._field.name,
        )

    def items(self) -> list[str]:
        """Return the comma-separated items of the field, in capitals."""
        return self._text.upper().split(",")

    def values(self, item: str) -> frozenset[int]:
        """Return the values of one item: ``*``, ``5``, ``MON``, ``1-5``, ``*/2``, ``1-10/3``, ``5/15``."""
        body, slash, step_text = item.partition("/")
        step = self.number(step_text, item) if slash else 1
        if step < 1:
            raise self.refuse(item)
        field = self._field
        if body in ("*", "?"):
            return frozenset(range(field.low, field.high + 1, step))
        first_text, dash, last_text = body.partition("-")
        first = self.value(first_text, item)
        if not dash:
            return frozenset(range(first, field.high + 1, step)) if slash else frozenset((first,))
        return self._range(first, self._range_end(last_text, first, item), step)

    def value(self, text: str, item: str) -> int:
        """Return one number or name of the field; 7 is Sunday."""
        if text in self._field.names:
            return self._field.names[text]
        number = self.number(text, item)
        if self._field is WEEKDAY and number == 7:
            return 0
        if not self._field.low <= number <= self._field.high:
            raise self.refuse(item)
        return number

    def number(self, text: str, item: str) -> int:
        """Return a plain number."""
        if not (text.isascii() and text.isdigit() and len(text) <= 4):
            raise self.refuse(item)
        return int(text)

    def _range_end(self, text: str, first: int, item: str) -> int:
        end = self.value(text, item)
        if self._field is WEEKDAY and (text == "7" or (end == 0 and first > 0)):
            return 7  # FRI-SUN, 5-7 and 0-7 end with the week
        return end

    def _range(self, first: int, last: int, step: int) -> frozenset[int]:
        """Return a range; one that ends before it begins goes round, as 22-2 does for hours."""
        field = self._field
        size = field.high - field.low + 1
        if last < first:
            last += size
        return frozenset(field.low + (value - field.low) % size for value in range(first, last + 1, step))

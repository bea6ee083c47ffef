"""Windows of partitions: which keys make up one, and when enough of them have come."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, ClassVar

from etesian.sdk.exceptions import AirflowTimetableInvalid
from etesian.spec.partition import WindowSpec


class Direction(StrEnum):
    """Where a period lies, seen from the key that names it."""

    BACKWARD = "backward"  #: it ends with the key
    FORWARD = "forward"  #: it begins with the key


class Window:
    """Base of the windows."""

    Direction: ClassVar[Any] = Direction
    unit: ClassVar[str] = ""
    #: whether the keys of the window are moments, so that the mapper beside it must read moments
    is_of_time: ClassVar[bool] = True

    def __init__(self, *, direction: str = Direction.FORWARD) -> None:
        self.direction = Direction(direction)

    def to_spec(self) -> WindowSpec:
        """Return the description that leaves the DAG file.

        Raises:
            AirflowTimetableInvalid: it is an author's own class, which the scheduler cannot call.
        """
        if not self.unit:
            raise AirflowTimetableInvalid(
                f"{type(self).__name__} is a window of its own; the scheduler runs no code of DAG files and "
                "knows the windows of hours, days, weeks, months, quarters and years, and SegmentWindow"
            )
        return WindowSpec(unit=self.unit, is_backward=self.direction is Direction.BACKWARD)


class HourWindow(Window):
    """The minutes of an hour."""

    unit = "hour"


class DayWindow(Window):
    """The hours of a day."""

    unit = "day"


class WeekWindow(Window):
    """The days of a week."""

    unit = "week"


class MonthWindow(Window):
    """The days of a month."""

    unit = "month"


class QuarterWindow(Window):
    """The months of a quarter."""

    unit = "quarter"


class YearWindow(Window):
    """The months of a year."""

    unit = "year"


class SegmentWindow(Window):
    """A fixed set of keys."""

    is_of_time = False

    def __init__(self, segments: Iterable[str]) -> None:
        super().__init__()
        self.segments = frozenset(segments)
        if not self.segments or not all(isinstance(key, str) and key for key in self.segments):
            raise AirflowTimetableInvalid(f"SegmentWindow needs one key or more, got {segments!r}")

    def to_spec(self) -> WindowSpec:
        """Return the description that leaves the DAG file."""
        return WindowSpec(segments=tuple(sorted(self.segments)))


class WaitPolicy:
    """How many keys of a window are waited for."""

    minimum: int | None = None


class WaitForAll(WaitPolicy):
    """All of them."""


class MinimumCount(WaitPolicy):
    """``n`` of them; all but ``-n`` if it is negative.

    Raises:
        AirflowTimetableInvalid: ``n`` is 0, which would wait for nothing.
    """

    def __init__(self, n: int) -> None:
        if n == 0:
            raise AirflowTimetableInvalid("MinimumCount(0) would wait for nothing; give a number but 0")
        self.n = self.minimum = n

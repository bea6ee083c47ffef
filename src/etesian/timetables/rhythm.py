"""What all timetables by time are made of: an ordered set of moments that can be asked for its neighbours."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from etesian.spec.schedule import DeltaIntervalSchedule, DeltaTriggerSchedule
from etesian.timetables.errors import InvalidScheduleError
from etesian.timetables.months import add_months
from etesian.timetables.wall_clock import EARLIEST, LATEST, ZonedCron

INSTANT = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MEAN_MONTH = timedelta(days=30.436875)


class Rhythm(Protocol):
    """An ordered set of moments, aware and in UTC."""

    def after(self, moment: datetime) -> datetime | None:
        """Return the first moment of the set later than ``moment``."""
        ...

    def until(self, moment: datetime) -> datetime | None:
        """Return the last moment of the set that is not later than ``moment``."""
        ...


def first_from(rhythm: Rhythm, moment: datetime) -> datetime | None:
    """Return the first moment that is not earlier than ``moment``."""
    return rhythm.after(max(moment, EARLIEST) - INSTANT)


def last_before(rhythm: Rhythm, moment: datetime) -> datetime | None:
    """Return the last moment earlier than ``moment``."""
    return rhythm.until(max(moment, EARLIEST) - INSTANT)


@dataclass(frozen=True, slots=True)
class CronRhythm:
    """The union of the times of several cron expressions."""

    crons: tuple[ZonedCron, ...]

    @classmethod
    def parse(cls, expressions: tuple[str, ...], timezone: str) -> CronRhythm:
        """Return the union of the expressions on the wall clock of one zone.

        Raises:
            InvalidScheduleError: there is none, or one is not valid.
        """
        if not expressions:
            raise InvalidScheduleError("a cron schedule needs at least one expression, such as '0 6 * * *'")
        return cls(tuple(ZonedCron.parse(text, timezone) for text in expressions))

    def after(self, moment: datetime) -> datetime | None:
        """Return the first moment of the set later than ``moment``."""
        return min((found for cron in self.crons if (found := cron.after(moment))), default=None)

    def until(self, moment: datetime) -> datetime | None:
        """Return the last moment of the set that is not later than ``moment``."""
        return max((found for cron in self.crons if (found := cron.until(moment))), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaRhythm:
    """Steps of equal length, forth and back from an anchor; months count from the anchor's day."""

    anchor: datetime
    step: timedelta
    months: int = 0

    @classmethod
    def of(cls, schedule: DeltaTriggerSchedule | DeltaIntervalSchedule, anchor: datetime) -> DeltaRhythm:
        """Return the steps of a schedule through ``anchor``.

        Raises:
            InvalidScheduleError: the steps do not lead forward.
        """
        step = timedelta(seconds=schedule.seconds)
        if schedule.months < 0 or step < timedelta(0) or not (step or schedule.months):
            raise InvalidScheduleError(
                f"a schedule must step forward, got {step} and {schedule.months} months; "
                "use timedelta(hours=1) or the like"
            )
        return cls(anchor=anchor.astimezone(UTC), step=step, months=schedule.months)

    def after(self, moment: datetime) -> datetime | None:
        """Return the first moment of the set later than ``moment``."""
        if moment >= LATEST:
            return None
        return self._at(self._index_until(max(moment, EARLIEST)) + 1)

    def until(self, moment: datetime) -> datetime | None:
        """Return the last moment of the set that is not later than ``moment``."""
        if moment < EARLIEST:
            return None
        return self._at(self._index_until(min(moment, LATEST)))

    def _index_until(self, moment: datetime) -> int:
        """Return how many whole steps lie between the anchor and ``moment``."""
        if not self.months:
            return (moment - self.anchor) // self.step
        index = (moment - self.anchor) // (self.step + self.months * _MEAN_MONTH)
        while self._at(index) > moment:
            index -= 1
        while self._at(index + 1) <= moment:
            index += 1
        return index

    def _at(self, index: int) -> datetime:
        return add_months(self.anchor, index * self.months) + index * self.step


@dataclass(frozen=True, slots=True)
class DatesRhythm:
    """A fixed list of moments, in order."""

    dates: tuple[datetime, ...]

    @classmethod
    def of(cls, dates: tuple[datetime, ...]) -> DatesRhythm:
        """Return the dates in order, without repetitions, in UTC."""
        return cls(tuple(sorted({date.astimezone(UTC) for date in dates})))

    def after(self, moment: datetime) -> datetime | None:
        """Return the first moment of the set later than ``moment``."""
        index = bisect_right(self.dates, moment)
        return self.dates[index] if index < len(self.dates) else None

    def until(self, moment: datetime) -> datetime | None:
        """Return the last moment of the set that is not later than ``moment``."""
        index = bisect_right(self.dates, moment)
        return self.dates[index - 1] if index else None

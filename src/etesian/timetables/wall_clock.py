"""Cron on a zone's wall clock: which moments a matching wall time stands for, the next, and the last.

The policy, the same for every zone and every jump of its clock:

- A wall time that does not exist (the clock jumps forward over it) stands for the moment as much later as
  the clock jumped: 02:30 in a spring night of New York is 03:30 of that night.
- A wall time that exists twice (the clock is set back) stands for its second occurrence. Only for an
  expression that fires in every hour (``*`` in the hour field) does it stand for both: that one speaks of
  elapsed time.
- Two wall times that stand for one moment make one point.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from etesian.timetables.cron import CronExpression, parse_cron
from etesian.timetables.zone import load_zone

#: No schedule looks further back: before it zones had no standard time.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
#: Nor further ahead: dates end with the year 9999.
LATEST = datetime(9900, 1, 1, tzinfo=UTC)
_NONE = timedelta(0)
_INSTANT = timedelta(microseconds=1)
#: Wider than the largest jump of any clock, 24 hours, when a country changed its side of the date line.
_REACH = timedelta(hours=25)


@dataclass(frozen=True, slots=True)
class ZonedCron:
    """The moments of one cron expression in one zone, all aware and in UTC."""

    expression: CronExpression
    zone: tzinfo

    @classmethod
    def parse(cls, text: str, timezone: str) -> ZonedCron:
        """Return the cron expression ``text`` on the wall clock of ``timezone``.

        Raises:
            InvalidScheduleError: one of the two is not valid.
        """
        return cls(parse_cron(text), load_zone(timezone))

    def after(self, moment: datetime) -> datetime | None:
        """Return the first point later than ``moment``."""
        if moment >= LATEST:
            return None
        moment = max(moment, EARLIEST)
        wall = moment.astimezone(self.zone).replace(tzinfo=None)
        wall -= self._unrest(wall)
        points: list[datetime] = []
        horizon: datetime | None = None
        while (found := self.expression.after(wall)) is not None and (horizon is None or found <= horizon):
            points += [point for point in self._moments(found) if point > moment]
            if points and horizon is None:
                horizon = found + 2 * self._unrest(found)
                if horizon == found:
                    break
            wall = found
        return min(points, default=None)

    def until(self, moment: datetime) -> datetime | None:
        """Return the last point that is not later than ``moment``."""
        if moment < EARLIEST:
            return None
        moment = min(moment, LATEST)
        wall = moment.astimezone(self.zone).replace(tzinfo=None)
        wall += self._unrest(wall) + _INSTANT
        points: list[datetime] = []
        horizon: datetime | None = None
        while (found := self.expression.before(wall)) is not None and (horizon is None or found >= horizon):
            points += [point for point in self._moments(found) if point <= moment]
            if points and horizon is None:
                horizon = found - 2 * self._unrest(found)
                if horizon == found:
                    break
            wall = found
        return max(points, default=None)

    def _moments(self, wall: datetime) -> tuple[datetime, ...]:
        """Return the moments that one matching wall time stands for."""
        before = self._offset(wall)
        after = self._offset(wall.replace(fold=1))
        wall = wall.replace(tzinfo=UTC)
        if before <= after:
            return (wall - before,)  # with the offset from before a jump, a missing wall time lands behind it
        if self.expression.covers_every_hour:
            return wall - before, wall - after
        return (wall - after,)

    def _unrest(self, wall: datetime) -> timedelta:
        """Return by how much the clock jumps around a wall time; nothing when it does not.

        Within that distance matching wall times and their moments may not be in the same order.
        """
        jump = self._spread(wall, _REACH)
        return jump if jump and self._spread(wall, 3 * jump) else _NONE

    def _spread(self, wall: datetime, reach: timedelta) -> timedelta:
        offsets = (self._offset(wall - reach), self._offset(wall), self._offset(wall + reach))
        return max(offsets) - min(offsets)

    def _offset(self, wall: datetime) -> timedelta:
        return wall.replace(tzinfo=self.zone).utcoffset() or _NONE

"""A clock that tests move: time passes when they say so, or when there is nothing to do but wait."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from etesian.foundation.clock import set_process_clock, utc_now
from etesian.foundation.errors import EtesianError


class ClockError(EtesianError):
    """A clock was told to do what time does not do."""


class FakeClock:
    """Shows the moment it was told, and never makes anybody wait.

    ``at`` is a datetime or an ISO text, UTC unless it says otherwise; without it the clock begins now. With
    ``is_ticking`` it also goes on by itself, as fast as the machine's own.

    >>> clock = FakeClock("2030-01-01")
    >>> clock.advance(hours=2)
    >>> print(clock.now())
    2030-01-01 02:00:00+00:00
    """

    def __init__(self, at: datetime | str | None = None, *, is_ticking: bool = False) -> None:
        self._now = utc_now() if at is None else as_moment(at)
        self._passed = 0.0
        self._ticks_from = time.monotonic() if is_ticking else None

    def now(self) -> datetime:
        """Return the moment that it shows, aware, in UTC."""
        return self._now + timedelta(seconds=self._ticked())

    def monotonic(self) -> float:
        """Return the seconds that have passed on it."""
        return self._passed + self._ticked()

    def sleep(self, seconds: float) -> None:
        """Let seconds pass without waiting."""
        self.advance(seconds=seconds)

    def advance(self, delta: timedelta | None = None, *, seconds: float = 0, hours: float = 0) -> None:
        """Let time pass.

        Raises:
            ClockError: time does not run backwards.
        """
        step = (delta or timedelta()) + timedelta(seconds=seconds, hours=hours)
        if step < timedelta():
            raise ClockError(f"a clock cannot be advanced by {step}; time does not run backwards")
        self._now += step
        self._passed += step.total_seconds()

    def move_to(self, moment: datetime | str) -> None:
        """Let time pass until ``moment``; a moment that has passed changes nothing."""
        self.advance(max(as_moment(moment) - self.now(), timedelta()))

    def _ticked(self) -> float:
        return 0.0 if self._ticks_from is None else time.monotonic() - self._ticks_from


def as_moment(value: datetime | str) -> datetime:
    """Return a datetime or an ISO text as an aware moment in UTC.

    Raises:
        ClockError: the text is no date.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise ClockError(f"{value!r} is not a moment; use a datetime or text like 2030-01-31") from error
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@contextmanager
def using_clock(clock: FakeClock) -> Iterator[FakeClock]:
    """Let the code of tasks, sensors and triggers go by ``clock``."""
    before = set_process_clock(clock)
    try:
        yield clock
    finally:
        set_process_clock(before)

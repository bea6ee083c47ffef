"""The only place that reads the clock. Rules receive ``now`` as an argument."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where a shell gets the time from."""

    def now(self) -> datetime:
        """Return the current moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back, for measuring waits."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current moment, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back, for measuring waits."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class ProcessClock(Clock, Protocol):
    """What code without an injected clock goes by, and waits with."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


_process_clock: ProcessClock = SystemClock()


def set_process_clock(clock: ProcessClock) -> ProcessClock:
    """Let code without an injected clock go by ``clock`` in this process, and return the one before."""
    global _process_clock  # user code runs one test at a time
    previous, _process_clock = _process_clock, clock
    return previous


def utc_now() -> datetime:
    """Return the current moment, aware, in UTC, for code that has no injected clock (attempts, CLI)."""
    return _process_clock.now()


def pause(seconds: float) -> None:
    """Wait, in code that has no injected clock."""
    _process_clock.sleep(seconds)

"""``Stats``: providers count and time things; here nobody listens to these figures."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any


class Timer:
    """Measures the time a block takes."""

    def __init__(self) -> None:
        self._started: float | None = None
        self.duration: float | None = None  #: in milliseconds, after ``stop``

    def __enter__(self) -> Timer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Timer:
        """Begin to measure."""
        self._started = time.perf_counter()
        return self

    def stop(self, send: bool = True) -> None:
        """End the measurement."""
        if self._started is not None:
            self.duration = (time.perf_counter() - self._started) * 1000


class Stats:
    """Takes figures and keeps none."""

    @classmethod
    def incr(cls, stat: str, count: int = 1, rate: float = 1, **_: Any) -> None:
        """Count up."""

    @classmethod
    def decr(cls, stat: str, count: int = 1, rate: float = 1, **_: Any) -> None:
        """Count down."""

    @classmethod
    def gauge(cls, stat: str, value: float, rate: float = 1, delta: bool = False, **_: Any) -> None:
        """Set a figure."""

    @classmethod
    def timing(cls, stat: str, dt: Any, **_: Any) -> None:
        """Note a duration."""

    @classmethod
    def timer(cls, *_: Any, **__: Any) -> Timer:
        """Return a timer."""
        return Timer()

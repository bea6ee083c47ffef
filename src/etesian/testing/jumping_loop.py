"""An event loop on which waiting takes no time, unless something outside of the process is waited for."""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar, TypeVarTuple

from etesian.testing.clock import FakeClock

#: What the loop itself watches: the pipe that wakes it.
_OWN_DESCRIPTORS = 1
#: How long to wait in earnest, in seconds, for a thread of anyio's: one that is told to stop wakes nobody when it ends.
_LOOK_AGAIN_AFTER = 0.05
_Result = TypeVar("_Result")
_Arguments = TypeVarTuple("_Arguments")


class _JumpingSelector(selectors.DefaultSelector):
    """Looks what is ready; if nothing is and nothing outside is waited for, moves the clock to the time-out."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock
        self.threads = 0  #: functions that run in threads for the loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(0)
        if ready:
            return ready
        if not self.threads and len(self.get_map()) <= _OWN_DESCRIPTORS:
            if not _has_busy_worker():
                self._clock.sleep(timeout)
                return []
            timeout = min(timeout, _LOOK_AGAIN_AFTER)
        before = self._clock.monotonic()
        ready = super().select(timeout)
        if not ready:
            self._clock.sleep(max(0.0, timeout - (self._clock.monotonic() - before)))
        return ready


def _has_busy_worker() -> bool:
    """Whether anyio, which keeps threads of its own, has one at work for the loop."""
    return any(thread not in getattr(thread, "idle_workers", (thread,)) for thread in threading.enumerate())


class JumpingLoop(asyncio.SelectorEventLoop):
    """Goes by a ``FakeClock``. Sleeping moves it; sockets, subprocesses and threads are waited for in earnest."""

    def __init__(self, clock: FakeClock) -> None:
        self._jumping = _JumpingSelector(clock)
        self._clock = clock
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the seconds that have passed on the clock."""
        return self._clock.monotonic()

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*_Arguments], _Result], *args: *_Arguments
    ) -> asyncio.Future[_Result]:
        """Run a function in a thread; meanwhile waiting takes its time."""
        self._jumping.threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._forget_thread)
        return future

    def _forget_thread(self, _: object) -> None:
        self._jumping.threads -= 1

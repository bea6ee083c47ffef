"""Noticing that a trigger blocks its event loop: code that computes or sleeps without ``await``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from threading import Event, Thread
from typing import Final, NamedTuple

from etesian.foundation.clock import SystemClock
from etesian.triggerer.loop_thread import LoopThread, RunningStep
from etesian.triggerer.source import TriggerRow

_log = logging.getLogger(__name__)

#: How often a loop is looked at, as a part of the time that counts as blocking.
LOOKS_PER_LIMIT: Final = 4
#: How often to look whether there is a trigger to look after.
IDLE_SECONDS: Final = 1.0


class Blockage(NamedTuple):
    """One step of one trigger that has kept a loop for too long."""

    loop: LoopThread
    row: TriggerRow
    seconds: float
    place: str


class _Seen(NamedTuple):
    step: RunningStep
    since: float


class Watchdog:
    """A thread that looks at the loops. A step that is the same at each look for that long is a blockage.

    Only one step counts, so a loop that is merely busy with many short ones blames nobody.
    """

    def __init__(
        self,
        loops: Callable[[], Iterable[LoopThread]],
        on_blockage: Callable[[Blockage], None],
        limit_seconds: float,
    ) -> None:
        self._loops = loops
        self._on_blockage = on_blockage
        self._limit_seconds = limit_seconds
        self._clock = SystemClock()
        self._seen: dict[LoopThread, _Seen] = {}
        self._is_stopped = Event()
        self._thread = Thread(target=self._serve, name="trigger-watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._is_stopped.set()
        self._thread.join(5.0)

    def _serve(self) -> None:
        pause = IDLE_SECONDS
        while not self._is_stopped.wait(pause):
            loops = [loop for loop in self._loops() if len(loop)]
            pause = self._limit_seconds / LOOKS_PER_LIMIT if loops else IDLE_SECONDS
            self._seen = {loop: seen for loop, seen in self._seen.items() if loop in loops}
            for loop in loops:
                try:
                    self._look(loop)
                except Exception:
                    _log.exception("Looking after the triggers failed")

    def _look(self, loop: LoopThread) -> None:
        step, now = loop.running_step(), self._clock.monotonic()
        seen = self._seen.get(loop)
        if step is None:
            self._seen.pop(loop, None)
        elif seen is None or seen.step.handle is not step.handle:
            self._seen[loop] = _Seen(step, now)
        elif step.row is not None and now - seen.since >= self._limit_seconds:
            self._on_blockage(Blockage(loop, step.row, now - seen.since, step.place))

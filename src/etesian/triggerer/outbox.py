"""What triggers came to, on its way to the store: in batches, and again until it is stored."""

from __future__ import annotations

import logging
from collections import deque
from threading import Condition, Thread
from typing import Final

from etesian.foundation.clock import SystemClock
from etesian.triggerer.source import FiredTrigger, TriggerSource

_log = logging.getLogger(__name__)

#: How many results are stored at once.
BATCH_SIZE: Final = 500
#: How long to wait before the store is tried again; doubled up to the second.
RETRY_SECONDS: Final = (0.1, 5.0)


class Outbox:
    """A queue with a thread that stores what is put into it, in order."""

    def __init__(self, source: TriggerSource) -> None:
        self._source = source
        self._clock = SystemClock()
        self._waiting: deque[FiredTrigger] = deque()
        self._changed = Condition()
        self._is_storing = False
        self._is_closed = False
        self._thread = Thread(target=self._serve, name="trigger-outbox", daemon=True)
        self._thread.start()

    def put(self, result: FiredTrigger) -> None:
        """Add one result."""
        with self._changed:
            self._waiting.append(result)
            self._changed.notify_all()

    def close(self, seconds: float) -> bool:
        """Store what is left, for at most ``seconds``, and return whether all of it is stored.

        What is not stored is not lost: its triggers are still in the store, and are awaited again.
        """
        deadline = self._clock.monotonic() + seconds
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            while self._waiting or self._is_storing:
                remaining = deadline - self._clock.monotonic()
                if remaining <= 0 or not self._changed.wait(remaining):
                    return False
        return True

    def _serve(self) -> None:
        pause, longest = RETRY_SECONDS
        while batch := self._next_batch():
            try:
                self._source.fired(batch)
            except Exception:
                _log.warning("Trigger events cannot be stored; trying again in %.1f s", pause, exc_info=True)
                self._put_back(batch, pause)
                pause = min(pause * 2, longest)
            else:
                pause = RETRY_SECONDS[0]
                self._done()

    def _next_batch(self) -> list[FiredTrigger]:
        with self._changed:
            while not self._waiting and not self._is_closed:
                self._changed.wait()
            count = min(len(self._waiting), BATCH_SIZE)
            self._is_storing = count > 0
            return [self._waiting.popleft() for _ in range(count)]

    def _put_back(self, batch: list[FiredTrigger], pause: float) -> None:
        with self._changed:
            self._waiting.extendleft(reversed(batch))
            self._is_storing = False
            self._changed.wait(pause)

    def _done(self) -> None:
        with self._changed:
            self._is_storing = False
            self._changed.notify_all()

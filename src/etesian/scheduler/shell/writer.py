"""Storing a batch, whatever it takes: the core's memory is ahead of the store until this succeeds."""

from __future__ import annotations

import logging
import selectors
from typing import Final

from etesian.foundation.errors import EtesianError
from etesian.scheduler.shell.effects import Effects
from etesian.scheduler.shell.leadership import Leadership
from etesian.scheduler.shell.parts import Parts
from etesian.store.batch import write_batch
from etesian.store.errors import LeadershipLostError, StoreError

logger = logging.getLogger(__name__)

FIRST_DELAY_SECONDS: Final = 0.1
MAX_DELAY_SECONDS: Final = 5.0


class StoppedWhileStoringError(EtesianError):
    """The scheduler was told to stop while the store refused writes; recovery will decide again."""


class Writer:
    """Writes batches under the leader's epoch."""

    def __init__(self, parts: Parts, leadership: Leadership) -> None:
        self._parts = parts
        self._leadership = leadership

    def store(self, effects: Effects) -> None:
        """Write the batch in one transaction; while the store fails (disk full, database away), try again.

        Nothing is dispatched meanwhile, so nothing runs that the store does not know of.

        Raises:
            LeadershipLostError: another scheduler took over.
            StoppedWhileStoringError: told to stop before the store came back.
        """
        if not effects.writes and not effects.batch.inbox_ids:
            return
        delay = FIRST_DELAY_SECONDS
        while True:
            try:
                with self._parts.store.write() as connection:
                    write_batch(connection, effects.batch, epoch=self._leadership.epoch)
                return
            except LeadershipLostError:
                raise
            except StoreError as error:
                logger.error(
                    "cannot store a batch of %d changes, trying again in %.1f s: %s",
                    effects.writes,
                    delay,
                    error,
                )
            self._wait(delay)
            delay = min(delay * 2, MAX_DELAY_SECONDS)

    def _wait(self, seconds: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._parts.stop, selectors.EVENT_READ)
            selector.select(seconds)
        if self._parts.stop.is_set():
            raise StoppedWhileStoringError(
                "stopped while the store refused writes; the next start recovers from the store"
            )

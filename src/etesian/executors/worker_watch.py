"""Notices that a worker is silent: one that hangs is ended, and what nobody speaks for is given up."""

from __future__ import annotations

import logging
import os
import signal
from typing import Final

from etesian.foundation.clock import Clock

logger = logging.getLogger(__name__)

#: The scheduler looks more often than this.
_LONGEST_STEP_SECONDS: Final = 2.0


class WorkerWatch:
    """Knows when the worker of this host was heard last. A worker says every few seconds that it lives."""

    def __init__(self, clock: Clock, patience_seconds: float) -> None:
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._looked_at = clock.monotonic()
        self._silence_seconds = 0.0
        self._has_given_up = False
        self._process: int | None = (
            None  #: descriptor of the worker's process: a pid may come to mean another one
        )

    def hear(self) -> None:
        """Take in that the worker said something, or begin to wait for it."""
        self._silence_seconds = 0.0

    def look(self) -> None:
        """Count the time since the last look as silence.

        A long time counts as a short one: when the whole machine stood still, the worker did so too.
        """
        now = self._clock.monotonic()
        self._silence_seconds += min(now - self._looked_at, _LONGEST_STEP_SECONDS)
        self._looked_at = now

    def greet(self, pid: int) -> None:
        """Take in which process the worker is."""
        self.close()
        self._has_given_up = False
        try:
            self._process = os.pidfd_open(pid)
        except OSError:  # of another container, or gone already
            self._process = None

    @property
    def is_silent(self) -> bool:
        """Whether patience is at its end."""
        return self._silence_seconds > self._patience_seconds

    def end_worker(self) -> None:
        """Kill a worker that is connected and silent, so that whoever keeps it running starts another one."""
        logger.error("the worker has said nothing for %g s: it hangs and is ended", self._patience_seconds)
        if self._process is not None:
            try:
                signal.pidfd_send_signal(self._process, signal.SIGKILL)
            except OSError as error:
                logger.error("the worker that hangs cannot be ended: %s", error)
        self.hear()

    def gives_up(self) -> bool:
        """Return, once, that there was no worker for so long that its attempts must be taken for lost."""
        if self._has_given_up or not self.is_silent:
            return False
        self._has_given_up = True
        logger.error(
            "there is no worker since %g s: what the last one ran is given up", self._patience_seconds
        )
        return True

    def close(self) -> None:
        """Forget the process."""
        if self._process is not None:
            os.close(self._process)
            self._process = None

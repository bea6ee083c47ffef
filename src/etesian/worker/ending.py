"""Ending an attempt: politely first, then with less patience."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial

from etesian.protocol.reports import Failed, Outcome
from etesian.worker.attempts import Attempt
from etesian.worker.event_loop import EventLoop
from etesian.worker.messages import TIME_OUT_SIGNAL


class AttemptEnder:
    """Sends signals and waits between them, without blocking."""

    def __init__(self, loop: EventLoop, grace_seconds: float) -> None:
        self._loop = loop
        self._grace_seconds = grace_seconds

    def limit(self, attempt: Attempt, seconds: float) -> None:
        """End an attempt after this time: raise inside the task first, so that its own clean-up runs."""
        attempt.timer = self._loop.call_later(seconds, partial(self._time_out, attempt, seconds))

    def stop(self, attempt: Attempt, cause: str, reason: str) -> None:
        """Send SIGTERM to the attempt's group now, SIGKILL after the grace time. Repeating it changes
        nothing.
        """
        if attempt.stop_cause in (None, "timeout"):
            self._begin(attempt, cause, reason)
            self._terminate(attempt)

    def kill(self, attempt: Attempt, cause: str, reason: str) -> None:
        """Send SIGKILL to the attempt's group now."""
        self._begin(attempt, cause, reason)
        self._kill(attempt)

    def _time_out(self, attempt: Attempt, seconds: float) -> None:
        self._begin(attempt, "timeout", f"the execution_timeout of {seconds:g} s is over")
        attempt.host.signal(attempt, TIME_OUT_SIGNAL, to_group=False)
        self._later(attempt, self._terminate)

    def _terminate(self, attempt: Attempt) -> None:
        attempt.host.signal(attempt, signal.SIGTERM, to_group=True)
        self._later(attempt, self._give_up)

    def _give_up(self, attempt: Attempt) -> None:
        attempt.ignored_sigterm = True
        self._kill(attempt)

    def _kill(self, attempt: Attempt) -> None:
        attempt.host.signal(attempt, signal.SIGKILL, to_group=True)

    def _begin(self, attempt: Attempt, cause: str, reason: str) -> None:
        attempt.stop_cause, attempt.stop_reason = cause, reason
        if attempt.timer is not None:
            attempt.timer.cancel()

    def _later(self, attempt: Attempt, step: Callable[[Attempt], None]) -> None:
        attempt.timer = self._loop.call_later(self._grace_seconds, partial(step, attempt))


def outcome_of_ended(attempt: Attempt, reported: Outcome) -> Outcome:
    """Return what an attempt came to that reported while it was being ended: a success counts, a failure is
    ours.
    """
    if attempt.stop_cause is None or not isinstance(reported, Failed):
        return reported
    return Failed(reason=attempt.stop_reason, cause=attempt.stop_cause, error_type=reported.error_type)


def outcome_of_killed(attempt: Attempt) -> Failed | None:
    """Return what an attempt came to whose process was ended by this worker; None if it was not."""
    if attempt.stop_cause is None:
        return None
    how = "; it did not react to SIGTERM and was killed" if attempt.ignored_sigterm else ""
    return Failed(reason=f"{attempt.stop_reason}{how}", cause=attempt.stop_cause)

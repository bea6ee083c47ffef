"""The process groups that a DAG host has to answer for: one per attempt, until its last member is gone."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, Protocol

from etesian.foundation.clock import SystemClock

#: How long processes have after SIGTERM when their attempt has ended before them.
LEFTOVER_GRACE_SECONDS: Final = 5.0


class ChildWaiter(Protocol):
    """Waits for children."""

    def wait(self, seconds: float | None = None) -> bool:
        """Sleep until a child has ended, or ``seconds`` have passed."""
        ...

    def reap(self) -> Iterable[object]:
        """Wait for all children that have ended."""
        ...


class ProcessGroups:
    """Signals attempts by number, and ends processes that an attempt left behind in its group.

    A child keeps its pid until it is waited for, so a signal to an attempt in here cannot hit a stranger.
    """

    def __init__(self, stop_grace_seconds: float) -> None:
        self._stop_grace_seconds = stop_grace_seconds
        self._pids: dict[int, int] = {}
        self._numbers: dict[int, int] = {}
        self._leftover: dict[int, float] = {}  #: group -> when to kill it
        self._clock = SystemClock()

    def add(self, number: int, pid: int) -> None:
        """Take responsibility for a new attempt's process."""
        self._pids[number] = pid
        self._numbers[pid] = number

    def remove(self, pid: int) -> int | None:
        """Forget a process that was waited for, and end what it left behind; return its number.

        None: it was no attempt, but a program that the DAG file started when it was imported.
        """
        number = self._numbers.pop(pid, None)
        if number is None:
            return None
        del self._pids[number]
        if _signal_group(pid, signal.SIGTERM):
            self._leftover[pid] = self._clock.monotonic() + LEFTOVER_GRACE_SECONDS
        return number

    def signal(self, number: int, signal_number: int, *, to_group: bool) -> None:
        """Signal an attempt, or its whole group; one that has ended or is another user's by now is left in peace."""
        pid = self._pids.get(number)
        if pid is None:
            return
        # A process that was forked a moment ago may not lead its group yet.
        if not (to_group and _signal_group(pid, signal_number)):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal_number)

    def seconds_until_kill(self) -> float | None:
        """Return when to call ``kill_overdue``; None if nothing is left over."""
        if not self._leftover:
            return None
        return max(0.0, min(self._leftover.values()) - self._clock.monotonic())

    def kill_overdue(self) -> None:
        """End leftover processes that took no notice of SIGTERM."""
        if not self._leftover:
            return
        now = self._clock.monotonic()
        for group, due in list(self._leftover.items()):
            if due <= now:
                _signal_group(group, signal.SIGKILL)
                del self._leftover[group]

    def end_all(self, children: ChildWaiter) -> None:
        """End every attempt: the supervisor has gone, or has no more use for this host."""
        groups = {*self._pids.values(), *self._leftover}
        _signal_groups(groups, signal.SIGTERM)
        grace_seconds = min(self._stop_grace_seconds, LEFTOVER_GRACE_SECONDS)  # a retry may start meanwhile
        deadline = self._clock.monotonic() + grace_seconds
        while groups := {group for group in groups if _signal_group(group, 0)}:
            remaining = deadline - self._clock.monotonic()
            if remaining <= 0:
                break
            # A child's end wakes this; the bound is for members of its group, which are not our children.
            children.wait(min(remaining, 0.05))
            for _ in children.reap():
                pass
        _signal_groups(groups, signal.SIGKILL)


def _signal_groups(groups: Iterable[int], signal_number: int) -> None:
    for group in groups:
        _signal_group(group, signal_number)


def _signal_group(group: int, signal_number: int) -> bool:
    """Return whether the group has a member that could be signalled."""
    try:
        os.killpg(group, signal_number)
    except (ProcessLookupError, PermissionError):  # what is left may have become another user's, as by sudo
        return False
    return True

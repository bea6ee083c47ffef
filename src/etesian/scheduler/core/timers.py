"""What is due when: one heap for all timers of the core."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime
from enum import IntEnum, auto
from heapq import heapify, heappop, heappush
from typing import Final, TypeAlias


class TimerKind(IntEnum):
    """Why something is to be looked at again."""

    SCHEDULE = auto()  #: a DAG's next run is due
    RUN_AFTER = auto()  #: a queued run may start
    WAKE = auto()  #: a retry or a reschedule is due, or a deferral times out
    OVERDUE = auto()  #: an attempt should have been stopped by its worker
    RUN_TIMEOUT = auto()  #: a run takes too long
    DEADLINE = auto()  #: somebody wants to be told that a run is late


TimerKey: TypeAlias = tuple[TimerKind, Hashable]

#: Below this size dead entries are not worth removing.
MIN_COMPACTION: Final = 1024


class Timers:
    """At most one timer for each kind and target. Setting it again moves it."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, TimerKey]] = []
        self._live: dict[TimerKey, tuple[datetime, int]] = {}
        self._serial = 0

    def __len__(self) -> int:
        return len(self._live)

    def pending(self) -> dict[TimerKey, datetime]:
        """Return when each timer rings."""
        return {key: when for key, (when, _) in self._live.items()}

    def set(self, kind: TimerKind, target: Hashable, when: datetime) -> None:
        """Let the timer ring at ``when``."""
        key = (kind, target)
        self._serial += 1
        self._live[key] = (when, self._serial)
        heappush(self._heap, (when, self._serial, key))
        if len(self._heap) > MIN_COMPACTION and len(self._heap) > 2 * len(self._live):
            self._compact()

    def cancel(self, kind: TimerKind, target: Hashable) -> None:
        """Forget the timer, if there is one."""
        self._live.pop((kind, target), None)

    def next_at(self) -> datetime | None:
        """Return when the next timer rings; None if there is none."""
        heap = self._heap
        while heap:
            when, serial, key = heap[0]
            if self._live.get(key) == (when, serial):
                return when
            heappop(heap)
        return None

    def pop_due(self, now: datetime) -> list[TimerKey]:
        """Remove and return the timers that ring up to ``now``, in order."""
        due = []
        while (when := self.next_at()) is not None and when <= now:
            key = heappop(self._heap)[2]
            del self._live[key]
            due.append(key)
        return due

    def _compact(self) -> None:
        self._heap = [entry for entry in self._heap if self._live.get(entry[2]) == entry[:2]]
        heapify(self._heap)

"""All triggers of one process: which loop awaits which, and what happens when one blocks the others."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from threading import RLock
from typing import Final

from etesian.triggerer.loop_thread import LoopThread
from etesian.triggerer.outbox import Outbox
from etesian.triggerer.source import FiredTrigger, TriggerRow, TriggerSource
from etesian.triggerer.watchdog import Blockage, Watchdog

_log = logging.getLogger(__name__)

#: How many rows are loaded at once.
LOAD_SIZE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggererSettings:
    """How one triggerer behaves."""

    capacity: int = 10_000  #: triggers that it awaits at the same time
    refresh_seconds: float = 1.0  #: how often to look for triggers whose bell was missed
    blocking_seconds: float = 0.5  #: a step without ``await`` that takes longer is named and moved away
    alone_seconds: float = (
        10.0  #: one that takes even longer is left alone, also by triggers of its own class
    )
    stop_seconds: float = 10.0  #: how long stopping may take


class Triggerer:
    """Awaits triggers on one event loop, and keeps those that block it away from the others.

    When a trigger blocks the main loop, its class is remembered: the blocked loop is left to the triggers
    of that class, and all others are started again on a fresh main loop. (A trigger may be started again at
    any time.) What an abandoned copy of a trigger reports is ignored.
    """

    def __init__(self, source: TriggerSource, settings: TriggererSettings | None = None) -> None:
        self._source = source
        self._settings = settings or TriggererSettings()
        self._outbox = Outbox(source)
        self._lock = RLock()
        self._numbers = count(1)
        self._owners: dict[str, LoopThread] = {}
        self._fired: set[str] = set()  #: reported, but still in the store
        self._blockers: dict[str, LoopThread] = {}  #: class that blocks -> the loop of its triggers
        self._blocked: dict[LoopThread, object] = {}  #: loop -> the trigger that it was last blocked by
        self._loops: list[LoopThread] = []
        self._main = self._new_loop("main")
        self._watchdog = Watchdog(self._all_loops, self._separate, self._settings.blocking_seconds)

    def __len__(self) -> int:
        """Return how many triggers are awaited."""
        return len(self._owners)

    def refresh(self) -> None:
        """Begin to await triggers that are new in the store, and end with those that have gone."""
        waiting = self._source.waiting_ids()
        with self._lock:
            self._fired &= waiting
            gone = self._owners.keys() - waiting
            new = sorted(waiting - self._owners.keys() - self._fired)
            room = max(0, self._settings.capacity - len(self._owners) + len(gone))
        if gone:
            # Those that exist have been given to another triggerer, which needs what they did outside.
            moved = {row.trigger_id for row in self._load(sorted(gone))}
            self._cancel(moved, is_killed=False)
            self._cancel(gone - moved, is_killed=True)
        if new:
            rows = list(self._load(new[:room]))
            with self._lock:
                self._assign(rows)

    def _load(self, trigger_ids: Sequence[str]) -> Iterator[TriggerRow]:
        for first in range(0, len(trigger_ids), LOAD_SIZE):
            yield from self._source.load(trigger_ids[first : first + LOAD_SIZE])

    def stop(self) -> None:
        """Await nothing any more, and store what is still to be stored. The triggers stay in the store."""
        self._watchdog.stop()
        with self._lock:
            loops, self._loops = list(self._loops), []
            self._owners.clear()
        for loop in loops:
            loop.stop()
        for loop in loops:
            if not loop.join(self._settings.stop_seconds / max(1, len(loops))):
                _log.warning("A trigger does not let its event loop end; it ends with the process")
        if not self._outbox.close(self._settings.stop_seconds):
            _log.warning("Some trigger events could not be stored; their triggers will be awaited again")

    # --- sharing out --------------------------------------------------------------------------------------

    def _assign(self, rows: Iterable[TriggerRow]) -> None:
        by_loop: dict[LoopThread, list[TriggerRow]] = {}
        for row in rows:
            loop = self._blockers.get(row.trigger_class, self._main)
            self._owners[row.trigger_id] = loop
            by_loop.setdefault(loop, []).append(row)
        for loop, share in by_loop.items():
            loop.start(share)

    def _cancel(self, trigger_ids: Iterable[str], *, is_killed: bool) -> None:
        by_loop: dict[LoopThread, list[str]] = {}
        with self._lock:
            for trigger_id in trigger_ids:
                loop = self._owners.pop(trigger_id, None)  # it may have fired a moment ago
                if loop is not None:
                    by_loop.setdefault(loop, []).append(trigger_id)
        for loop, share in by_loop.items():
            loop.cancel(share, is_killed=is_killed)

    def _take(self, loop: LoopThread, row: TriggerRow, result: FiredTrigger) -> None:
        """Pass on what a trigger came to, unless another loop awaits it by now."""
        with self._lock:
            if self._owners.get(row.trigger_id) is not loop:
                return
            if not row.is_watcher:
                del self._owners[row.trigger_id]
                self._fired.add(row.trigger_id)
        self._outbox.put(result)

    def _new_loop(self, name: str) -> LoopThread:
        loop = LoopThread(f"triggers-{name}-{next(self._numbers)}", self._take)
        self._loops.append(loop)
        return loop

    def _all_loops(self) -> Sequence[LoopThread]:
        with self._lock:
            return list(self._loops)

    # --- blockages ----------------------------------------------------------------------------------------

    def _separate(self, blockage: Blockage) -> None:
        """Name the trigger that blocks its loop, and let the others go on elsewhere."""
        loop, row = blockage.loop, blockage.row
        with self._lock:
            if self._blocked.get(loop) is not row:
                self._blocked[loop] = row
                _log.warning(
                    "Trigger %s of %s has blocked its event loop for %.1f s at %s; it must wait with `await`",
                    row.trigger_class, row.label, blockage.seconds, blockage.place,
                )  # fmt: skip
            if loop is self._main:
                self._main = self._new_loop("main")
                self._blockers[row.trigger_class] = loop
                self._move_from(
                    loop, {other.trigger_class for other in loop.rows.values()} - {row.trigger_class}
                )
            elif blockage.seconds >= self._settings.alone_seconds and len(loop) > 1:
                self._leave_alone(loop, row)

    def _move_from(self, loop: LoopThread, classes: Collection[str]) -> None:
        moved = [row for row in loop.rows.values() if row.trigger_class in classes]
        loop.cancel([row.trigger_id for row in moved], is_killed=False)
        self._assign(moved)

    def _leave_alone(self, loop: LoopThread, blocker: TriggerRow) -> None:
        """Give the other triggers of a class that blocks a new loop of their own."""
        others = [row for row in loop.rows.values() if row.trigger_id != blocker.trigger_id]
        loop.cancel([row.trigger_id for row in others], is_killed=False)
        self._blockers[blocker.trigger_class] = self._new_loop("blocking")
        self._assign(others)

"""One event loop in a thread of its own, and the triggers on it."""

from __future__ import annotations

import asyncio
import logging
import sys
from asyncio.events import Handle
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from threading import Lock, Thread
from types import FrameType
from typing import Any, Final, NamedTuple

from etesian.foundation.valid_text import as_valid_text
from etesian.triggerer.awaiting import AwaitedTrigger, running_trigger
from etesian.triggerer.source import FiredTrigger, TriggerRow

_log = logging.getLogger(__name__)

_RUN_HANDLE: Final = Handle._run.__code__


class RunningStep(NamedTuple):
    """What an event loop executes at a moment."""

    handle: Handle  #: one object per step: the same one, seen twice, has run all the while
    row: TriggerRow | None  #: on whose behalf; None is the loop's own business
    place: str  #: file, line and function


class LoopThread:
    """Runs triggers. All methods may be called from any thread; none but ``join`` waits for the loop."""

    def __init__(self, name: str, report: Callable[[LoopThread, TriggerRow, FiredTrigger], None]) -> None:
        self._report = report
        self._rows: dict[str, TriggerRow] = {}
        self._rows_lock = Lock()
        self._awaited: dict[str, tuple[AwaitedTrigger, asyncio.Task[None]]] = {}  #: the loop's own
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    @property
    def rows(self) -> Mapping[str, TriggerRow]:
        """The triggers that belong to it now, by id."""
        with self._rows_lock:
            return dict(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def start(self, rows: Iterable[TriggerRow]) -> None:
        """Await triggers from now on."""
        added = list(rows)
        with self._rows_lock:
            self._rows.update((row.trigger_id, row) for row in added)
        self._call(partial(self._create_tasks, added))

    def cancel(self, trigger_ids: Iterable[str], *, is_killed: bool) -> None:
        """Await triggers no longer; with ``is_killed`` they undo what they did outside."""
        with self._rows_lock:
            gone = [trigger_id for trigger_id in trigger_ids if self._rows.pop(trigger_id, None) is not None]
        if gone:
            self._call(partial(self._cancel_tasks, gone, is_killed))

    def stop(self) -> None:
        """Cancel everything and end the thread, as soon as what it executes lets it."""
        with self._rows_lock:
            self._rows.clear()
        self._call(lambda: asyncio.ensure_future(self._finish(), loop=self._loop))

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end and return whether it came."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def running_step(self) -> RunningStep | None:
        """Return what the loop executes now; None while it waits."""
        innermost = frame = sys._current_frames().get(self._thread.ident or 0)
        while frame is not None:
            if frame.f_code is _RUN_HANDLE:
                handle: Any = frame.f_locals["self"]  # Any: get_context() exists from Python 3.12 on
                return RunningStep(handle, handle._context.get(running_trigger), _place(innermost))
            frame = frame.f_back
        return None

    def _call(self, action: Callable[[], object]) -> None:
        try:
            self._loop.call_soon_threadsafe(action)
        except RuntimeError:
            _log.debug("The event loop of %s has ended", self._thread.name)

    # --- on the thread of the loop ------------------------------------------------------------------------

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    def _create_tasks(self, rows: Iterable[TriggerRow]) -> None:
        for row in rows:
            if row.trigger_id not in self._rows:
                continue  # cancelled before it began
            awaited = AwaitedTrigger(row, self._take)
            task = self._loop.create_task(awaited.run())
            self._awaited[row.trigger_id] = awaited, task
            task.add_done_callback(partial(self._forget, row))

    def _cancel_tasks(self, trigger_ids: Iterable[str], is_killed: bool) -> None:
        for trigger_id in trigger_ids:
            if trigger_id in self._awaited:
                awaited, task = self._awaited[trigger_id]
                awaited.is_killed = is_killed
                task.cancel()

    def _take(self, row: TriggerRow, result: FiredTrigger) -> None:
        if not row.is_watcher:
            with self._rows_lock:
                self._rows.pop(row.trigger_id, None)
        self._report(self, row, result)

    def _forget(self, row: TriggerRow, task: asyncio.Task[None]) -> None:
        if row.trigger_id in self._awaited and self._awaited[row.trigger_id][1] is task:
            del self._awaited[row.trigger_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("Awaiting the trigger of %s failed", row.label, exc_info=error)
            reason = as_valid_text(f"{type(error).__name__}: {error}")
            self._take(row, FiredTrigger(trigger_id=row.trigger_id, error=reason))

    async def _finish(self) -> None:
        tasks = [task for _, task in self._awaited.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._loop.stop()


def _place(frame: FrameType | None) -> str:
    if frame is None:
        return "an unknown place"
    return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_qualname}"

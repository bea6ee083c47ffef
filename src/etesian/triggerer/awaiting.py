"""Awaiting one trigger: from its row to its event, its failure or its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from contextvars import ContextVar
from typing import Final, cast

from etesian.foundation.valid_text import as_valid_text
from etesian.sdk.trigger import BaseTrigger, TriggerEvent
from etesian.sdk.xcoms.xcom import serialize
from etesian.triggerer.making import find_trigger_class, is_trigger_class_known, make_trigger
from etesian.triggerer.source import FiredTrigger, TriggerRow

_log = logging.getLogger(__name__)

#: The trigger on whose behalf code runs on an event loop; what a trigger starts inherits it.
running_trigger: Final[ContextVar[TriggerRow | None]] = ContextVar("running_trigger", default=None)
#: How long a trigger may take to clean up.
CLEANUP_SECONDS: Final = 10.0
#: A watcher's trigger that ends is started again after this long, doubled up to the second.
RESTART_SECONDS: Final = (1.0, 300.0)

#: What user code may raise that concerns its trigger only. Left alone, the last two would end the whole event loop.
_FAILURES: Final = (Exception, SystemExit, KeyboardInterrupt)

Report = Callable[[TriggerRow, FiredTrigger], None]


class AwaitedTrigger:
    """One trigger on an event loop. ``report`` is told what it came to; of a watcher, time and again."""

    def __init__(self, row: TriggerRow, report: Report) -> None:
        self.row = row
        #: set before it is cancelled because its task was stopped: then outside work is to be undone
        self.is_killed = False
        self._report = report

    async def run(self) -> None:
        """Await it to its end; a watcher's trigger is started again whenever it ends."""
        running_trigger.set(self.row)
        pause, longest = RESTART_SECONDS
        while True:
            begun = asyncio.get_running_loop().time()
            error = await self._await_once()
            if not self.row.is_watcher:
                if error is not None:
                    self._tell(error=error)
                return
            if asyncio.get_running_loop().time() - begun > longest:
                pause = RESTART_SECONDS[0]
            _log.warning("Watcher %s ended (%s); it starts again in %.0f s", self.row.label, error, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)

    async def _await_once(self) -> str | None:
        """Run the trigger to its event, or a watcher's to its end; return why it ended without one."""
        try:
            if not is_trigger_class_known(self.row.trigger_class):
                # A first import may take seconds: not on the loop.
                await asyncio.to_thread(find_trigger_class, self.row.trigger_class)
            trigger = make_trigger(self.row)
        except _FAILURES as error:
            return str(error)
        try:
            return await self._follow(trigger)
        except asyncio.CancelledError:
            if self.is_killed:
                await self._bounded(trigger.on_kill(), "on_kill")
            raise
        except _FAILURES as error:
            _log.exception("Trigger %s of %s failed", self.row.trigger_class, self.row.label)
            return f"{type(error).__name__}: {error}"
        finally:
            await self._bounded(trigger.cleanup(), "cleanup")

    async def _follow(self, trigger: BaseTrigger) -> str | None:
        events = cast("AsyncGenerator[TriggerEvent]", trigger.run())
        async with aclosing(events):
            async for event in events:
                payload = serialize(event.payload, f"the event of trigger {self.row.trigger_class}")
                self._tell(event=payload)
                if not self.row.is_watcher:
                    return None
        return f"trigger {self.row.trigger_class} ended without an event"

    def _tell(self, *, event: bytes | None = None, error: str | None = None) -> None:
        text = None if error is None else as_valid_text(error)
        self._report(self.row, FiredTrigger(trigger_id=self.row.trigger_id, event=event, error=text))

    async def _bounded(self, step: Awaitable[None], name: str) -> None:
        try:
            async with asyncio.timeout(CLEANUP_SECONDS):
                await step
        except _FAILURES:
            _log.exception("%s() of trigger %s of %s failed", name, self.row.trigger_class, self.row.label)

"""The triggers of one run in this process, awaited on an event loop whenever nothing else is to be done."""

from __future__ import annotations

import asyncio
from datetime import datetime

from etesian.protocol.commands import TriggerFired
from etesian.scheduler.core.decisions import StartTrigger
from etesian.testing.clock import FakeClock
from etesian.testing.jumping_loop import JumpingLoop
from etesian.triggerer.awaiting import AwaitedTrigger
from etesian.triggerer.source import FiredTrigger, TriggerRow


class TriggerRunner:
    """Awaits triggers, only inside ``wait``: between two waits they stand still, like everything of the run."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._loop: JumpingLoop | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._fired: list[TriggerFired] = []

    def start(self, decision: StartTrigger) -> None:
        """Take a trigger."""
        row = TriggerRow(
            trigger_id=decision.trigger_id,
            trigger_class=decision.trigger_class,
            trigger_kwargs=decision.trigger_kwargs,
            label=str(decision.key),
        )
        if self._loop is None:
            self._loop = JumpingLoop(self._clock)
        self._tasks[decision.trigger_id] = self._loop.create_task(AwaitedTrigger(row, self._report).run())

    def cancel(self, trigger_id: str) -> None:
        """Forget a trigger."""
        task = self._tasks.pop(trigger_id, None)
        if task is not None:
            self._cancel([task])

    def wait(self, until: datetime | None) -> list[TriggerFired]:
        """Await until a trigger fires or ``until`` has come; return what fired."""
        if self._loop is not None and self._tasks:
            seconds = None if until is None else max(0.0, (until - self._clock.now()).total_seconds())
            waiting = asyncio.wait(self._tasks.values(), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            self._loop.run_until_complete(waiting)
        fired, self._fired = self._fired, []
        for event in fired:
            self._tasks.pop(event.trigger_id, None)
        return fired

    def close(self) -> None:
        """End what is left."""
        if self._loop is not None:
            self._cancel(list(self._tasks.values()))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    def _cancel(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        if tasks and self._loop is not None:
            self._loop.run_until_complete(asyncio.wait(tasks))

    def _report(self, row: TriggerRow, fired: FiredTrigger) -> None:
        self._fired.append(TriggerFired(trigger_id=fired.trigger_id, event=fired.event, error=fired.error))

"""Tells those who watch what may have changed: one look at the store per ring, however many they are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import msgspec

from etesian.foundation.clock import Clock
from etesian.lifecycle.state import RunState
from etesian.store import Store, StoreError
from etesian.store.bus import Bell, Bus
from etesian.store.queries.changes import ChangedRun, Changes, load_changes

logger = logging.getLogger(__name__)

#: The store is looked at no more often than this, however often the bell rings.
MIN_INTERVAL_SECONDS: Final = 0.2
#: A watcher that does not read on is told to look at everything again instead of being sent more.
MAX_WAITING: Final = 16
#: A run that ended this long before the last look is told once more: its commit may have come later.
_OVERLAP: Final = timedelta(seconds=2)


class ChangeEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What a watcher should look at again."""

    runs: tuple[ChangedRun, ...]
    more: bool  #: there are more runs than are named
    dags_changed: bool  #: a DAG came, went, changed or was paused, or an import error did


#: None: the API stops.
Subscription = asyncio.Queue[ChangeEvent | None]
EVERYTHING: Final = ChangeEvent(runs=(), more=True, dags_changed=True)


class ChangeFeed:
    """Lives on the API's event loop."""

    def __init__(self, store: Store, bus: Bus, clock: Clock) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._rang = asyncio.Event()
        self._subscriptions: set[Subscription] = set()
        self._states: dict[tuple[str, str], RunState] = {}
        self._fingerprint: tuple[object, ...] | None = None
        self._looked_at = clock.now()

    @property
    def watcher_count(self) -> int:
        """How many watch."""
        return len(self._subscriptions)

    def close(self) -> None:
        """End all subscriptions, so that a stopping server need not wait for them."""
        for subscription in self._subscriptions:
            _offer(subscription, None)

    @asynccontextmanager
    async def subscribed(self) -> AsyncIterator[Subscription]:
        """Give a queue of events that begin now."""
        subscription: Subscription = asyncio.Queue(MAX_WAITING)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    async def run(self) -> None:
        """Pass changes on until cancelled."""
        bell = self._bus.listen(("changes",))
        loop = asyncio.get_running_loop()
        loop.add_reader(bell.fileno(), self._hear, bell)
        try:
            while True:
                await self._rang.wait()
                self._rang.clear()
                if self._subscriptions:
                    await self._tell()
                    await asyncio.sleep(MIN_INTERVAL_SECONDS)
        finally:
            loop.remove_reader(bell.fileno())
            bell.close()

    def _hear(self, bell: Bell) -> None:
        bell.drain()
        self._rang.set()

    async def _tell(self) -> None:
        since, self._looked_at = self._looked_at - _OVERLAP, self._clock.now()
        try:
            changes = await asyncio.to_thread(self._look, since)
        except StoreError as error:
            logger.warning("watchers are not told of a change: %s", error)
            return
        event = ChangeEvent(
            runs=self._changed(changes.runs),
            more=changes.more,
            dags_changed=changes.dags_fingerprint != self._fingerprint,
        )
        self._fingerprint = changes.dags_fingerprint
        for subscription in self._subscriptions:
            _offer(subscription, event)

    def _changed(self, runs: Sequence[ChangedRun]) -> tuple[ChangedRun, ...]:
        """Leave out runs that wait as they did at the last look; in a running one a task may have changed."""
        before, self._states = self._states, {(run.dag_id, run.run_id): run.state for run in runs}
        return tuple(
            run
            for run in runs
            if run.state is RunState.RUNNING or before.get((run.dag_id, run.run_id)) != run.state
        )

    def _look(self, since: datetime) -> Changes:
        with self._store.read() as connection:
            return load_changes(connection, since)


def _offer(subscription: Subscription, event: ChangeEvent | None) -> None:
    if subscription.full():
        while not subscription.empty():
            subscription.get_nowait()
        subscription.put_nowait(EVERYTHING)
    subscription.put_nowait(event)

"""What code in a service of the platform itself asks of the platform."""

from __future__ import annotations

from etesian.foundation.clock import Clock
from etesian.protocol.requests import Answer, Request
from etesian.store import Store
from etesian.store.answers import answer
from etesian.store.bus import Bus


class StorePlatform:
    """Answers what triggers and bundles ask of the platform, from the store."""

    def __init__(self, store: Store, bus: Bus, clock: Clock) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock

    def ask(self, request: Request) -> Answer:
        """Return the answer to one request."""
        return answer(self._store, request, now=self._clock.now(), bus=self._bus)

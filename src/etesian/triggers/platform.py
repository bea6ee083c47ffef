"""How triggers reach the platform: the requests of tasks, without blocking the event loop that they share."""

from __future__ import annotations

import asyncio
from typing import Protocol

from etesian.protocol.requests import Answer, Request
from etesian.sdk.runtime import current_platform


class AsyncPlatform(Protocol):
    """Carries out requests for triggers."""

    async def ask(self, request: Request) -> Answer:
        """Return the answer to one request; ``protocol.requests.Refused`` is an answer too."""
        ...


class ThreadedPlatform:
    """Asks the blocking platform of this process in a thread. Triggers look rarely: few threads do."""

    async def ask(self, request: Request) -> Answer:
        """Return the answer to one request."""
        return await asyncio.to_thread(current_platform().ask, request)


_current: AsyncPlatform = ThreadedPlatform()


def set_async_platform(platform: AsyncPlatform) -> AsyncPlatform:
    """Install the platform that triggers of this process ask, and return the one before."""
    global _current  # one process has one triggerer
    previous, _current = _current, platform
    return previous


def current_async_platform() -> AsyncPlatform:
    """Return the platform that triggers of this process ask."""
    return _current

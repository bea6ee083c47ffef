"""What every bus does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Bell(Protocol):
    """One listener. It can be waited for with ``select``, ``poll`` or an event loop's reader."""

    def fileno(self) -> int:
        """Return the descriptor that is readable when the bell has rung."""
        ...

    def drain(self) -> set[str]:
        """Return the topics that rang since the last call, without waiting."""
        ...

    def close(self) -> None:
        """Stop listening."""
        ...


class Bus(Protocol):
    """Rings and listens for the processes of one store."""

    def ring(self, topic: str) -> None:
        """Wake those who listen to ``topic``. Cheap; never waits, never raises. Ring after the commit."""
        ...

    def listen(self, topics: Iterable[str] | None = None) -> Bell:
        """Return a bell that hears ``topics``, or all of them."""
        ...

    def close(self) -> None:
        """Give back what ringing needed. Bells are closed on their own."""
        ...

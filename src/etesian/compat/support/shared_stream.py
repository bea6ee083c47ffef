"""The broker's side of a stream that several event triggers read together, as providers implement it.

Here each trigger reads for itself, so that nothing drives a producer: the classes exist for providers to derive from.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = [
    "AckTimeout",
    "AdvanceItem",
    "AdvanceOutcome",
    "SharedStreamProducer",
    "reject_shared_stream_event",
]

_log = logging.getLogger(__name__)


class AckTimeout(Exception):
    """A reader did not come to an end with an event in time."""


@dataclass(frozen=True, slots=True)
class AdvanceOutcome:
    """What the readers that were there made of one event: how many took, lost and refused it."""

    acked: int
    failed: int
    rejected: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether somebody read it and everybody who did took it."""
        return self.acked > 0 and not self.failed and not self.rejected


class AdvanceItem(NamedTuple):
    """One event that all readers are done with."""

    broker_payload: Any  #: what the producer gave along with the event
    outcome: AdvanceOutcome


class SharedStreamProducer(ABC):
    """Holds the connection to a broker for as long as a stream is read."""

    @abstractmethod
    def open_stream(self) -> AsyncIterator[tuple[Any, Any]]:
        """Connect, and yield events, each with what ``advance`` needs of it, until cancelled."""

    @abstractmethod
    async def advance(self, batch: Sequence[AdvanceItem]) -> None:
        """Tell the broker what the readers are done with: events of one lane, in the order of the stream."""

    def get_advance_lane(self, broker_payload: Any) -> Hashable:
        """Return the lane of an event; those of one lane are advanced in order. All are in one by default."""
        return None

    async def aclose(self) -> None:  # noqa: B027 - a producer without anything to close need not say so
        """Release what ``open_stream`` took."""


def reject_shared_stream_event() -> None:
    """Refuse the event being read. Outside of a shared stream there is none, which is logged."""
    _log.warning("reject_shared_stream_event was called, but no shared stream is being read")

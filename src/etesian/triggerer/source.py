"""What the triggerer needs of the store: which triggers to await, and where to tell what became of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

import msgspec


class TriggerRow(msgspec.Struct, frozen=True, kw_only=True):
    """One trigger to await."""

    trigger_id: str
    trigger_class: str  #: import path
    trigger_kwargs: bytes = b"{}"  #: JSON, as ``sdk.xcom`` writes it
    label: str = ""  #: for logs: the task instance, or the watcher
    is_watcher: bool = False  #: every event counts, and a trigger that ends is started again


class FiredTrigger(msgspec.Struct, frozen=True, kw_only=True):
    """What a trigger came to: an event, or an error."""

    trigger_id: str
    event: bytes | None = None  #: JSON of the payload, as ``sdk.xcom`` writes it
    error: str | None = None  #: why it failed, for people


class TriggerSource(Protocol):
    """Where triggers come from. Its methods block, are called from several threads, and may fail."""

    def fileno(self) -> int:
        """Return a descriptor that is readable when something may have changed."""
        ...

    def waiting_ids(self) -> AbstractSet[str]:
        """Return the ids of all triggers that this process is to await now, and quieten the descriptor."""
        ...

    def load(self, trigger_ids: Collection[str]) -> Sequence[TriggerRow]:
        """Return the triggers of these ids that exist, whoever is to await them."""
        ...

    def fired(self, results: Sequence[FiredTrigger]) -> None:
        """Keep what triggers came to. When this returns, nothing of it can be lost any more."""
        ...

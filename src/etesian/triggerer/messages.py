"""Between the triggerer, which has the store, and the process that awaits triggers, which has the authors' code."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from etesian.protocol.requests import Answer, Request
from etesian.triggerer.source import FiredTrigger, TriggerRow


class AwaiterSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the process that awaits triggers is told by its command line; nothing of it is secret."""

    capacity: int
    path: tuple[str, ...] = ()  #: folders in which authors' triggers lie
    log_level: str = "info"
    log_format: str = "text"


class _Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag=True):
    """Common options of all messages. A reply carries the number of what it answers."""


class LoadTriggers(_Message, frozen=True, kw_only=True):
    """Give these triggers whole. Answered by ``LoadedTriggers``."""

    number: int
    trigger_ids: tuple[str, ...]


class StoreResults(_Message, frozen=True, kw_only=True):
    """Keep what triggers came to. Answered by ``Stored``."""

    number: int
    results: tuple[FiredTrigger, ...]


class AskPlatform(_Message, frozen=True, kw_only=True):
    """A trigger asks the platform. Answered by ``PlatformAnswered``."""

    number: int
    request: Request


class WaitingChanged(_Message, frozen=True, kw_only=True):
    """Other triggers are to be awaited."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class LoadedTriggers(_Message, frozen=True, kw_only=True):
    """Those of the triggers that exist."""

    number: int
    rows: tuple[TriggerRow, ...]


class Stored(_Message, frozen=True, kw_only=True):
    """Nothing of the results can be lost any more."""

    number: int


class PlatformAnswered(_Message, frozen=True, kw_only=True):
    """What the platform says."""

    number: int
    answer: Answer


class CannotServe(_Message, frozen=True, kw_only=True):
    """What was asked for failed; it may be asked again."""

    number: int
    reason: str


class EndAwaiting(_Message, frozen=True, kw_only=True):
    """Await nothing any more, store what is left, and end."""


FromAwaiter: TypeAlias = LoadTriggers | StoreResults | AskPlatform
ToAwaiter: TypeAlias = WaitingChanged | LoadedTriggers | Stored | PlatformAnswered | CannotServe | EndAwaiting

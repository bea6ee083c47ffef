"""What a worker tells of its attempts. Every report that ends an attempt is repeated until it is acknowledged."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeAlias

import msgspec

#: How often a worker says that it lives.
ALIVE_SECONDS: Final = 2.0


class XComValue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One pushed value."""

    key: str
    value: bytes  #: JSON, written by ``sdk.xcom``
    length: int | None = None  #: number of elements of a list or a dict, for mapping; None for other values


class AssetEventReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One asset event that the task emitted by succeeding."""

    name: str | None = None
    uri: str | None = None
    alias: str | None = None  #: the alias it was attached through
    extra: dict[str, object] = {}
    partition_key: str | None = (
        None  #: the partition that was updated; None: that of the task's run, if it has one
    )


class Succeeded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="succeeded"):
    """The task returned."""

    xcoms: tuple[XComValue, ...] = ()
    skip: tuple[str, ...] = ()  #: direct or indirect downstream task_ids that a branch or short circuit skips
    asset_events: tuple[AssetEventReport, ...] = ()


class Skipped(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="skipped"):
    """The task asked to be skipped."""

    reason: str | None = None


class Failed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="failed"):
    """The task raised, was stopped, timed out, or its process died."""

    reason: str  #: one line for people: what happened
    cause: str = "error"  #: error | timeout | stopped | killed | out_of_memory | lost | not_started
    retry: bool = True  #: False: fail without another try (``AirflowFailException``)
    retry_delay_seconds: float | None = None  #: a policy's own delay
    error_type: str | None = None  #: qualified name of the exception


class Rescheduled(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="rescheduled"):
    """A sensor wants to look again later; not a try."""

    at: datetime


class Deferred(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="deferred"):
    """The task waits for a trigger."""

    trigger_class: str
    trigger_kwargs: bytes  #: JSON of the serialised arguments
    method: str
    kwargs: bytes = b"{}"
    timeout_at: datetime | None = None
    awaiting_input: bytes | None = None  #: JSON of a question to a person


Outcome: TypeAlias = Succeeded | Skipped | Failed | Rescheduled | Deferred


class Usage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an attempt's process used."""

    peak_memory_bytes: int | None = None
    cpu_seconds: float | None = None
    exit_code: int | None = None
    exit_signal: int | None = None


class Claim(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="claim"):
    """A worker asks to start an attempt; user code waits for ``ClaimAnswer``."""

    attempt_id: str
    hostname: str
    pid: int | None = None


class Finished(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="finished"):
    """An attempt has ended."""

    attempt_id: str
    outcome: Outcome
    started_at: datetime | None = None
    ended_at: datetime | None = None
    usage: Usage | None = None
    rendered_map_index: str | None = None
    rendered_fields: bytes | None = None  #: JSON object of rendered template fields, secrets masked


class AttemptUsage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="usage"):
    """Sent when the process has gone, after its ``Finished``."""

    attempt_id: str
    usage: Usage


class Alive(msgspec.Struct, frozen=True, kw_only=True, tag="alive"):
    """The worker has nothing to say, and lives. Sent every ``ALIVE_SECONDS``."""


class Running(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="running"):
    """All attempts that the worker holds now, sent on connecting and as its lease renewal."""

    hostname: str
    claimed: tuple[str, ...] = ()
    unclaimed: tuple[str, ...] = ()
    is_only_worker: bool = False  #: set by an executor that has no other: what is not named here is nowhere


Report: TypeAlias = Claim | Finished | AttemptUsage | Running


class ClaimAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="claim_answer"):
    """Whether the attempt may start."""

    attempt_id: str
    granted: bool
    reason: str | None = None


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True, tag="acknowledged"):
    """The effects of these ``Finished`` reports are stored."""

    attempt_ids: tuple[str, ...]


class StopAttempts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="stop"):
    """End these attempts: SIGTERM to their process group, SIGKILL after the grace time."""

    attempt_ids: tuple[str, ...]
    reason: str = "stopped"

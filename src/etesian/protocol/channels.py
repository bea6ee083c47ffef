"""Which messages travel on which connection.

Scheduler and worker share one stream, and so do worker and attempt; requests of attempts are passed on inside ``Ask``.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from etesian.protocol.reports import (
    Acknowledged,
    Alive,
    AttemptUsage,
    Claim,
    ClaimAnswer,
    Finished,
    Running,
    StopAttempts,
)
from etesian.protocol.requests import Answer, Request
from etesian.protocol.workloads import RunCallback, RunTask


class Ask(msgspec.Struct, frozen=True, kw_only=True, tag="ask"):
    """A request of one attempt."""

    attempt_id: str
    number: int  #: counts the requests of one attempt
    request: Request


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag="reply"):
    """The answer to one ``Ask``."""

    attempt_id: str
    number: int
    answer: Answer


class Hello(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="hello"):
    """First message of a worker on a connection."""

    protocol_version: int
    hostname: str
    pid: int
    queues: tuple[str, ...] = ("default",)


ToWorker: TypeAlias = RunTask | RunCallback | ClaimAnswer | Acknowledged | StopAttempts | Reply
FromWorker: TypeAlias = Hello | Alive | Claim | Finished | AttemptUsage | Running | Ask

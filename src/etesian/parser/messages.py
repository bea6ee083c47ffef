"""What the parser, its nursery and the nursery's children tell each other.

The nursery stands between: a child's requests and results pass through it, so they arrive before its end.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

import msgspec

from etesian.protocol.requests import Answer, Request


class ImportFailure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a file, or one DAG in it, could not be read."""

    message: str  #: for people; the first line says it all, a traceback may follow
    line: int | None = None  #: in the DAG file


class ParsedDag(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One DAG that a file defines."""

    dag_id: str
    spec: bytes  #: canonical JSON
    line: int | None = None
    renew_at: datetime | None = None  #: when the points of its custom timetable should be computed again


class Parsed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="parsed"):
    """What importing one file gave."""

    file: str
    dags: tuple[ParsedDag, ...] = ()
    failures: tuple[ImportFailure, ...] = ()
    reads: tuple[
        str, ...
    ] = ()  #: files and folders of the bundle that it looked at, relative, without itself
    warnings: tuple[str, ...] = ()  #: what the author should know


class Verdict(StrEnum):
    """Why the nursery ended a child."""

    NONE = "none"  #: it did not
    TIMEOUT = "timeout"
    MEMORY = "memory"


class ParseFiles(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="parse"):
    """Import files in a new process, one after the other.

    The process ends before it is through when a file leaves it in a state that could change what the next one
    does, and when a file that is not the first fails: the files that it said nothing of are to be given to
    another process.
    """

    number: int
    folder: str  #: of the bundle
    files: tuple[str, ...]  #: relative to it
    timeout_seconds: float  #: of each file
    memory_limit_bytes: int | None = None
    request_timeout_seconds: float = 30.0


class TellChild(msgspec.Struct, frozen=True, kw_only=True, tag="tell"):
    """The answer to a child's request."""

    number: int
    answer: Answer


class ChildSaid(msgspec.Struct, frozen=True, kw_only=True, tag="said"):
    """A request or the result of a child."""

    number: int
    said: FromChild


class ChildEnded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="ended"):
    """A child has gone, and with it all that it had started."""

    number: int
    status: int  #: as ``waitpid`` gives it
    verdict: Verdict = Verdict.NONE
    output: str = ""  #: the end of what it wrote to stdout and stderr
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0


FromChild: TypeAlias = Request | Parsed
ToChild: TypeAlias = Answer
ToNursery: TypeAlias = ParseFiles | TellChild
FromNursery: TypeAlias = ChildSaid | ChildEnded

"""The parser's side of the nursery: hands out files, answers what they ask, collects what they give."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from etesian.foundation.clock import Clock
from etesian.foundation.errors import EtesianError
from etesian.parser.failure import FailureWriter
from etesian.parser.messages import (
    ChildEnded,
    ChildSaid,
    FromNursery,
    ImportFailure,
    Parsed,
    ParseFile,
    TellChild,
)
from etesian.parser.owners import FileKey
from etesian.parser.settings import ParserSettings
from etesian.protocol.requests import Answer, Refused, Request
from etesian.protocol.stream import MessageStream

logger = logging.getLogger(__name__)

#: Answers a request of a DAG file's module-level code.
Answerer = Callable[[Request], Answer]

#: Settings that user code has no business with; the nursery starts without them.
_SECRET_PREFIXES: Final = ("ETESIAN__DATABASE__", "ETESIAN__SECRETS__FERNET")
#: Files that wait in the nursery, so that its children have work while the parser writes to the store.
_JOBS_AHEAD: Final = 4
#: How often a file is given to a new nursery after the one before died with it.
_MAX_LOSSES: Final = 2


class NurseryError(EtesianError):
    """The process that imports DAG files cannot be kept running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """What parsing one file gave."""

    key: FileKey
    parsed: Parsed
    started_ns: (
        int  #: wall clock, nanoseconds of the epoch: what was written since then may not have been seen
    )
    seconds: float


@dataclass(slots=True)
class _Job:
    key: FileKey
    request: ParseFile
    started_ns: int
    started: float
    parsed: Parsed | None = None
    losses: int = 0


class Crew:
    """Parses files in children of a nursery, some at a time. The owner polls ``fileno()`` and calls ``work``."""

    def __init__(self, settings: ParserSettings, clock: Clock, answer: Answerer) -> None:
        self._settings = settings
        self._clock = clock
        self._answer = answer
        self._jobs: dict[int, _Job] = {}
        self._last_number = 0
        self._starts_without_result = 0
        self._start_nursery()

    def fileno(self) -> int:
        """Return the descriptor that is readable when ``work`` has something to do; it changes when a nursery dies."""
        return self._stream.fileno()

    @property
    def has_room(self) -> bool:
        """Whether another file may be started."""
        return len(self._jobs) < self._settings.processes + _JOBS_AHEAD

    @property
    def is_idle(self) -> bool:
        """Whether no file is being parsed."""
        return not self._jobs

    @property
    def has_unsent(self) -> bool:
        """Whether ``work`` should be called when the descriptor is writable."""
        return self._stream.has_unsent

    def start(self, key: FileKey, folder: Path) -> None:
        """Begin to parse a file of the bundle in ``folder``."""
        self._last_number += 1
        settings = self._settings
        request = ParseFile(
            number=self._last_number,
            folder=str(folder),
            file=key.file,
            timeout_seconds=settings.file_timeout_seconds,
            memory_limit_bytes=settings.memory_limit_bytes,
            request_timeout_seconds=settings.request_timeout_seconds,
        )
        started_ns = int(self._clock.now().timestamp() * 1_000_000_000)
        self._jobs[request.number] = _Job(key, request, started_ns, self._clock.monotonic())
        self._stream.send(request)

    def work(self) -> list[FileResult]:
        """Answer requests and return the files that are done."""
        self._stream.flush()
        results = []
        for message in self._stream.receive():
            result = self._take(message)
            if result is not None:
                results.append(result)
        if self._stream.is_at_end:
            results += self._replace_nursery()
        return results

    def close(self) -> None:
        """End the nursery and all its children."""
        self._stream.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _take(self, message: FromNursery) -> FileResult | None:
        job = self._jobs.get(message.number)
        if job is None:
            return None
        match message:
            case ChildSaid(said=said):
                if isinstance(said, Parsed):
                    job.parsed = said
                else:
                    self._stream.send(TellChild(number=message.number, answer=self._answer_safely(said)))
            case ChildEnded():
                del self._jobs[message.number]
                self._starts_without_result = 0
                failure = None if job.parsed else FailureWriter(Path(job.request.folder), job.key.file)
                return self._result(job, failure.of_end(message, job.request) if failure else None)
        return None

    def _result(self, job: _Job, failure: ImportFailure | None) -> FileResult:
        parsed = job.parsed or Parsed()
        if failure is not None:
            parsed = Parsed(failures=(failure,))
        seconds = self._clock.monotonic() - job.started
        return FileResult(key=job.key, parsed=parsed, started_ns=job.started_ns, seconds=seconds)

    def _answer_safely(self, request: Request) -> Answer:
        try:
            return self._answer(request)
        except EtesianError as error:
            return Refused(id=getattr(request, "id", 0), reason=str(error))

    def _start_nursery(self) -> None:
        own_end, its_end = socket.socketpair()
        numbers = (its_end.fileno(), os.getpid(), self._settings.processes)
        command = [sys.executable, "-P", "-m", "etesian.parser.nursery", *map(str, numbers)]
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(_SECRET_PREFIXES)
        }
        with its_end:
            self._process = subprocess.Popen(
                [*command, *self._settings.preload],
                pass_fds=(its_end.fileno(),),
                stdin=subprocess.DEVNULL,
                env=environment,
                process_group=0,
            )
        self._stream: MessageStream[FromNursery] = MessageStream(own_end, FromNursery)

    def _replace_nursery(self) -> list[FileResult]:
        """Start a new nursery and give it the files that the one before was at; give up files that it died of."""
        self._stream.close()
        status = self._process.wait()
        self._starts_without_result += 1
        if self._starts_without_result > 1 + _MAX_LOSSES * self._settings.processes:
            raise NurseryError(
                f"the process that imports DAG files ends with status {status} whenever it is started; "
                "its messages are in the log above"
            )
        logger.warning("the process that imports DAG files ended with status %s; starting it again", status)
        self._start_nursery()
        given_up = []
        for number, job in list(self._jobs.items()):
            job.losses += 1
            if job.losses <= _MAX_LOSSES:
                self._stream.send(job.request)
                continue
            del self._jobs[number]
            text = f"{job.key.file}: the parser's process died each time that it imported this file"
            given_up.append(self._result(job, ImportFailure(message=text)))
        return given_up

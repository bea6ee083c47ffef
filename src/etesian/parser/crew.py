"""The parser's side of the nursery: hands out files, answers what they ask, collects what they give."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from etesian.config.environment import without_secrets
from etesian.foundation.clock import Clock
from etesian.foundation.errors import EtesianError
from etesian.parser.failure import FailureWriter
from etesian.parser.lots import FileJob, LotQueue
from etesian.parser.messages import (
    ChildEnded,
    ChildSaid,
    FromNursery,
    ImportFailure,
    Parsed,
    ParseFiles,
    TellChild,
)
from etesian.parser.owners import FileKey
from etesian.parser.settings import ParserSettings
from etesian.protocol.requests import Answer, Refused, Request
from etesian.protocol.stream import MessageStream

logger = logging.getLogger(__name__)

#: Answers a request of a DAG file's module-level code.
Answerer = Callable[[Request], Answer]

#: Lots that wait in the nursery, so that its children have work while the parser writes to the store.
_LOTS_AHEAD: Final = 1
#: Files that wait for a lot; more stay where they come from, so that the order can still change.
_QUEUED_FILES: Final = 64
#: How often a file is given to a new nursery after the one before died with it.
_MAX_LOSSES: Final = 2


class NurseryError(EtesianError):
    """The process that imports DAG files cannot be kept running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """What parsing one file gave."""

    key: FileKey
    folder: Path  #: of its bundle, when it was parsed
    parsed: Parsed
    #: Wall clock, nanoseconds of the epoch: what was written since then may not have been seen.
    started_ns: int
    seconds: float


@dataclass(slots=True)
class _Lot:
    """Files that one child has."""

    jobs: deque[FileJob]
    request: ParseFiles
    started_ns: int
    since: float  #: when the file at hand was begun
    has_given: bool = False  #: whether a file of it is done

    @property
    def is_suspect(self) -> bool:
        """Whether its file was being imported when a nursery died."""
        return bool(self.jobs and self.jobs[0].losses)


class Crew:
    """Parses files in children of a nursery. The owner polls ``fileno()`` and calls ``work``."""

    def __init__(self, settings: ParserSettings, clock: Clock, answer: Answerer) -> None:
        self._settings = settings
        self._clock = clock
        self._answer = answer
        self._queue = LotQueue()
        self._lots: dict[int, _Lot] = {}
        self._last_number = 0
        self._deaths_in_a_row = 0
        self._start_nursery()

    def fileno(self) -> int:
        """Return what is readable when ``work`` has something to do; it changes when a nursery dies."""
        return self._stream.fileno()

    @property
    def has_room(self) -> bool:
        """Whether another file may be added."""
        return len(self._queue) < _QUEUED_FILES

    @property
    def is_idle(self) -> bool:
        """Whether no file is being parsed or waits."""
        return not self._lots and not self._queue

    @property
    def has_unsent(self) -> bool:
        """Whether ``work`` should be called when the descriptor is writable."""
        return self._stream.has_unsent

    def add(self, key: FileKey, folder: Path) -> None:
        """Take in a file of the bundle in ``folder``."""
        self._queue.add(FileJob(key, folder))

    def begin(self) -> None:
        """Give files that wait to children, as far as there are any free."""
        while self._queue and len(self._lots) < self._settings.processes + _LOTS_AHEAD:
            if self._lots and (self._queue.is_suspect or any(lot.is_suspect for lot in self._lots.values())):
                return  # if the nursery dies again, one file only can be to blame
            self._begin_lot(self._queue.take(self._settings.processes))

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

    def _begin_lot(self, jobs: list[FileJob]) -> None:
        self._last_number += 1
        request = ParseFiles(
            number=self._last_number,
            folder=str(jobs[0].folder),
            files=tuple(job.key.file for job in jobs),
            timeout_seconds=self._settings.file_timeout_seconds,
            memory_limit_bytes=self._settings.memory_limit_bytes,
            request_timeout_seconds=self._settings.request_timeout_seconds,
        )
        started_ns = int(self._clock.now().timestamp() * 1_000_000_000)
        self._lots[request.number] = _Lot(deque(jobs), request, started_ns, self._clock.monotonic())
        self._stream.send(request)

    def _take(self, message: FromNursery) -> FileResult | None:
        lot = self._lots.get(message.number)
        if lot is None:
            return None
        match message:
            case ChildSaid(said=said):
                if isinstance(said, Parsed):
                    return self._finish_file(lot, said)
                self._stream.send(TellChild(number=message.number, answer=self._answer_safely(said)))
            case ChildEnded():
                del self._lots[message.number]
                self._deaths_in_a_row = 0
                return self._finish_lot(lot, message)
        return None

    def _finish_file(self, lot: _Lot, parsed: Parsed) -> FileResult | None:
        if not lot.jobs or lot.jobs[0].key.file != parsed.file:
            return None  # said by user code that found the channel
        job = lot.jobs.popleft()
        begun, lot.since, lot.has_given = lot.since, self._clock.monotonic(), True
        return FileResult(
            key=job.key,
            folder=job.folder,
            parsed=parsed,
            started_ns=lot.started_ns,
            seconds=lot.since - begun,
        )

    def _finish_lot(self, lot: _Lot, ended: ChildEnded) -> FileResult | None:
        """Put back the files that the child did not get to; a child's first file is to blame for its end."""
        result = None
        if lot.jobs and not lot.has_given:
            key, folder = lot.jobs[0].key, lot.jobs[0].folder
            failure = FailureWriter(folder, key.file).of_end(ended, lot.request)
            result = self._finish_file(lot, Parsed(file=key.file, failures=(failure,)))
        elif lot.jobs:
            lot.jobs[0].is_alone = True
        self._queue.put_back(list(lot.jobs))
        return result

    def _answer_safely(self, request: Request) -> Answer:
        try:
            return self._answer(request)
        except EtesianError as error:
            return Refused(id=getattr(request, "id", 0), reason=str(error))

    def _start_nursery(self) -> None:
        own_end, its_end = socket.socketpair()
        numbers = (its_end.fileno(), os.getpid(), self._settings.processes)
        command = [sys.executable, "-P", "-m", "etesian.parser.nursery", *map(str, numbers)]
        with its_end:
            self._process = subprocess.Popen(
                [*command, *self._settings.preload],
                pass_fds=(its_end.fileno(),),
                stdin=subprocess.DEVNULL,
                env=without_secrets(os.environ),
                process_group=0,
            )
        self._stream: MessageStream[FromNursery] = MessageStream(own_end, FromNursery)

    def _replace_nursery(self) -> list[FileResult]:
        """Start a new nursery for the files that the one before was at; give up those it died of."""
        self._stream.close()
        self._process.kill()
        status = self._process.wait()
        self._deaths_in_a_row += 1
        if self._deaths_in_a_row > 1 + _MAX_LOSSES * self._settings.processes:
            raise NurseryError(
                f"the process that imports DAG files ends with status {status} whenever it is started; "
                "its messages are in the log above"
            )
        logger.warning("the process that imports DAG files ended with status %s; starting it again", status)
        self._start_nursery()
        given_up = []
        for lot in self._lots.values():
            for job in lot.jobs:
                job.is_alone = True
                job.losses += 1
            if lot.jobs and lot.jobs[0].losses > _MAX_LOSSES:
                file = lot.jobs[0].key.file
                failure = ImportFailure(
                    message=f"{file}: the parser's process died each time that it imported this file"
                )
                given_up.append(self._finish_file(lot, Parsed(file=file, failures=(failure,))))
            self._queue.put_back(list(lot.jobs))
        self._lots.clear()
        return [result for result in given_up if result is not None]

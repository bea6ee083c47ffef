"""The executor for tasks on the scheduler's own host: a unix socket to the worker there."""

from __future__ import annotations

import logging
import select
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from etesian.executors.base import ToAttempts
from etesian.executors.worker_watch import WorkerWatch
from etesian.foundation.clock import Clock, SystemClock
from etesian.protocol import PROTOCOL_VERSION
from etesian.protocol.addresses import worker_socket_path
from etesian.protocol.channels import FromWorker, Hello
from etesian.protocol.frames import FrameError
from etesian.protocol.reports import Alive, Running, StopAttempts
from etesian.protocol.stream import MessageStream
from etesian.protocol.workloads import Workload

logger = logging.getLogger(__name__)

FIRST_DELAY_SECONDS: Final = 0.05
MAX_DELAY_SECONDS: Final = 1.0
#: How long a worker may be silent, or away, until it is taken for dead.
PATIENCE_SECONDS: Final = 60.0


class LocalExecutor:
    """Talks to the worker of one home. While there is none, it keeps attempts and tries again, less and less
    often.

    A worker's first messages say who it is and which attempts it holds. Attempts that are kept until then are
    counted as held by it, because they are sent next: the scheduler must not take them for lost. A home has one
    worker: attempts that this one does not name are lost, also those of a host that was called otherwise.
    """

    def __init__(
        self, home: Path, clock: Clock | None = None, *, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._path = worker_socket_path(home)
        self._clock = clock or SystemClock()
        self._watch = WorkerWatch(self._clock, patience_seconds)
        self._stream: MessageStream[FromWorker] | None = None
        #: readable when there is something to receive, and when a full socket takes data again
        self._readiness: select.epoll | None = None
        self._waits_for_room = False
        self._has_greeted = False
        self._kept: dict[str, Workload] = {}
        self._delay_seconds = FIRST_DELAY_SECONDS
        self._connect_at = 0.0

    def start(self) -> None:
        """Try to connect at once; a worker that is not there yet is found later."""
        self._watch.hear()
        self._connect()

    @property
    def is_connected(self) -> bool:
        """Whether a worker has introduced itself."""
        return self._has_greeted

    def filenos(self) -> Sequence[int]:
        """Return what tells that the connection needs attention, if there is one."""
        return () if self._readiness is None else (self._readiness.fileno(),)

    def submit(self, workloads: Sequence[Workload]) -> None:
        """Send attempts, or keep them for the worker that connects next."""
        if self._has_greeted:
            self._send(workloads)
        else:
            self._kept.update((workload.attempt_id, workload) for workload in workloads)

    def stop(self, attempt_ids: Sequence[str], reason: str) -> None:
        """Ask the worker to end attempts; those it never got are not sent any more."""
        for attempt_id in attempt_ids:
            self._kept.pop(attempt_id, None)
        self._send([StopAttempts(attempt_ids=tuple(attempt_ids), reason=reason)])

    def send(self, messages: Sequence[ToAttempts]) -> None:
        """Send answers; without a worker they are dropped."""
        self._send(messages)

    def receive(self) -> list[FromWorker]:
        """Return what the worker said; reconnect if it is time to.

        When there was no worker for long, the message of one that holds nothing: what the last one ran is lost.
        """
        self._watch.look()
        if not self._has_greeted and self._watch.gives_up():
            return [Running(hostname="", unclaimed=tuple(self._kept), is_only_worker=True)]
        if self._stream is None and self._clock.monotonic() >= self._connect_at:
            self._connect()
        stream = self._stream
        if stream is None:
            return []
        self._flush(stream)
        try:
            messages = stream.receive()
            if messages:
                self._watch.hear()
            if not self._has_greeted:
                messages = self._read_greeting(messages)
        except FrameError as error:
            logger.error("hanging up on the worker at %s: %s", self._path, error)
            self._disconnect()
            return []
        if stream.is_at_end:
            self._disconnect()
        elif self._has_greeted and self._watch.is_silent:
            self._watch.end_worker()
            self._disconnect()
        return [message for message in messages if not isinstance(message, Alive)]

    def close(self) -> None:
        """Hang up; the worker goes on."""
        self._watch.close()
        if self._readiness is not None:
            self._readiness.close()
        if self._stream is not None:
            self._stream.close()
        self._stream = self._readiness = None
        self._has_greeted = False

    def _send(self, messages: Sequence[msgspec.Struct]) -> None:
        if self._has_greeted and self._stream is not None:
            self._stream.send_all(messages)
            self._flush(self._stream)

    def _flush(self, stream: MessageStream[FromWorker]) -> None:
        """Send what the socket takes; ask to be woken when it takes more."""
        stream.flush()
        if stream.has_unsent != self._waits_for_room and self._readiness is not None:
            self._waits_for_room = stream.has_unsent
            wanted = select.EPOLLIN | select.EPOLLOUT if self._waits_for_room else select.EPOLLIN
            self._readiness.modify(stream.fileno(), wanted)

    def _connect(self) -> None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            connection.connect(str(self._path))
        except OSError:
            connection.close()
            self._wait_longer()
            return
        self._stream = MessageStream(connection, FromWorker)
        self._readiness = select.epoll()
        self._readiness.register(connection.fileno(), select.EPOLLIN)
        self._waits_for_room = False

    def _read_greeting(self, messages: list[FromWorker]) -> list[FromWorker]:
        """Check who is there; when its list of attempts has come, send what was kept."""
        for position, message in enumerate(messages):
            if isinstance(message, Hello):
                _check_version(message)
                self._watch.greet(message.pid)
            elif isinstance(message, Running):
                self._has_greeted = True
                self._delay_seconds = FIRST_DELAY_SECONDS
                unclaimed = tuple(dict.fromkeys((*message.unclaimed, *self._kept)))
                messages[position] = msgspec.structs.replace(
                    message, unclaimed=unclaimed, is_only_worker=True
                )
                kept, self._kept = self._kept, {}
                self.submit(list(kept.values()))
                break
        return messages

    def _disconnect(self) -> None:
        self.close()
        self._wait_longer()

    def _wait_longer(self) -> None:
        self._connect_at = self._clock.monotonic() + self._delay_seconds
        self._delay_seconds = min(self._delay_seconds * 2, MAX_DELAY_SECONDS)


def _check_version(hello: Hello) -> None:
    if hello.protocol_version != PROTOCOL_VERSION:
        raise FrameError(
            f"the worker (pid {hello.pid}) speaks version {hello.protocol_version} of the protocol, "
            f"this scheduler version {PROTOCOL_VERSION}; restart the older one"
        )

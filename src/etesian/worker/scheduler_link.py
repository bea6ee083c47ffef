"""The worker's door for the scheduler: a unix socket on which the newest connection counts."""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import msgspec

from etesian.foundation.errors import EtesianError
from etesian.protocol.channels import ToWorker
from etesian.protocol.frames import FrameError
from etesian.protocol.stream import MessageStream
from etesian.worker.event_loop import EventLoop

logger = logging.getLogger(__name__)


class WorkerRunningError(EtesianError):
    """This home has a worker already."""


class WorkerLock:
    """Held by the one worker of a home, for as long as its process lives."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            WorkerRunningError: another process has it.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise WorkerRunningError(
                f"a worker is running for {str(path.parent.parent)!r} already (pid {holder or 'unknown'}); "
                "stop it first, or use another ETESIAN_HOME"
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another worker start."""
        os.close(self._descriptor)


class SchedulerLink:
    """Accepts schedulers; sends are collected and go out together at the end of a turn."""

    def __init__(
        self,
        loop: EventLoop,
        path: Path,
        on_connect: Callable[[], None],
        on_message: Callable[[ToWorker], None],
    ) -> None:
        self._loop = loop
        self._path = path
        self._on_connect = on_connect
        self._on_message = on_message
        self._listener: socket.socket | None = None
        self._stream: MessageStream[ToWorker] | None = None
        self._unsent: list[msgspec.Struct] = []

    @property
    def is_connected(self) -> bool:
        """Whether a scheduler listens."""
        return self._stream is not None

    def listen(self) -> None:
        """Open the door. Who holds the worker's lock may replace a socket that was left behind."""
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.setblocking(False)
        listener.bind(str(self._path))
        self._path.chmod(0o600)
        listener.listen(8)
        self._listener = listener
        self._loop.watch(listener.fileno(), self._accept)

    def send(self, message: msgspec.Struct) -> None:
        """Send at the end of this turn; dropped if no scheduler is connected then."""
        self._unsent.append(message)

    def flush(self) -> None:
        """Send what was collected."""
        if not self._unsent:
            return
        messages, self._unsent = self._unsent, []
        if self._stream is not None:
            self._stream.send_all(messages)
            self._loop.flush(self._stream)

    def close(self) -> None:
        """Close the door and hang up."""
        self._disconnect()
        if self._listener is not None:
            self._loop.forget(self._listener.fileno())
            self._listener.close()
            self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        assert self._listener is not None  # watched only while there is one
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        if _user_of(connection) not in (os.getuid(), 0):
            logger.warning("refused a connection of user %d", _user_of(connection))
            connection.close()
            return
        self._receive()  # the last words of the scheduler before
        self._disconnect()
        self._unsent.clear()  # it was for the scheduler before; all that matters is repeated below
        stream: MessageStream[ToWorker] = MessageStream(connection, ToWorker)
        self._stream = stream
        self._loop.watch(stream.fileno(), self._receive)
        self._on_connect()

    def _receive(self) -> None:
        stream = self._stream
        if stream is None:
            return
        try:
            for message in stream.receive():
                self._handle(message)
        except FrameError as error:
            logger.error("hanging up on the scheduler: %s", error)
            self._disconnect()
        if stream.is_at_end and stream is self._stream:
            self._disconnect()

    def _handle(self, message: ToWorker) -> None:
        try:
            self._on_message(message)
        except Exception:  # the messages after it are about other attempts
            logger.exception("a %s of the scheduler could not be carried out", type(message).__name__)

    def _disconnect(self) -> None:
        if self._stream is not None:
            self._loop.forget(self._stream.fileno())
            self._stream.close()
            self._stream = None


def _user_of(connection: socket.socket) -> int:
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    user: int = struct.unpack("3i", credentials)[1]
    return user

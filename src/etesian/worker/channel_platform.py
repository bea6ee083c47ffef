"""The platform as user code meets it in an attempt or a DAG host: requests go to the supervisor, which asks
the scheduler.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Sequence
from typing import Final

import msgspec

from etesian.foundation.errors import EtesianError
from etesian.protocol.frames import FrameReader, encode_frame
from etesian.protocol.requests import Answer, Done, Request, SetRenderedFields
from etesian.protocol.workloads import RunCallback, RunTask
from etesian.worker.messages import Mask, ToAttempt

_RECEIVE_BYTES = 256 * 1024
#: What the supervisor may add to a message when it passes it on.
_HEADROOM_BYTES: Final = 1024 * 1024


class PlatformUnreachableError(EtesianError):
    """A request got no answer."""


class AttemptChannel:
    """This process's end of the socket to the supervisor. Blocking; any thread may send, one at a time receives.

    Made ahead of time, in the process that is forked from; connected in the one that uses it.
    """

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._reader: FrameReader[ToAttempt] = FrameReader(ToAttempt)
        self._received: list[ToAttempt] = []
        self._pid = 0
        # Re-entrant: a signal handler may ask while its thread sends.
        self._send_lock = threading.RLock()

    def connect(self, connection: socket.socket) -> None:
        """Use this socket from now on, in this process."""
        connection.setblocking(True)
        self._socket = connection
        self._pid = os.getpid()

    @property
    def is_ours(self) -> bool:
        """Whether this process, and not a parent that forked it, holds the other end's attention."""
        return self._pid == os.getpid()

    def send(self, message: msgspec.Struct) -> None:
        """Send one message; waits if the supervisor is busy.

        Raises:
            FrameError: it is too long to be passed on to the scheduler.
        """
        frame = encode_frame(message, headroom_bytes=_HEADROOM_BYTES)
        with self._send_lock:
            self._with_timeout(None).sendall(frame)

    def receive(self, timeout_seconds: float | None = None) -> ToAttempt:
        """Wait for the next message.

        Raises:
            EOFError: the supervisor has gone.
            TimeoutError: nothing came in time.
        """
        while not self._received:
            data = self._with_timeout(timeout_seconds).recv(_RECEIVE_BYTES)
            if not data:
                raise EOFError("the worker has ended")
            self._received.extend(self._reader.feed(data))
        return self._received.pop(0)

    def close(self) -> None:
        """Close this end."""
        if self._socket is not None:
            self._socket.close()

    def _with_timeout(self, seconds: float | None) -> socket.socket:
        if self._socket is None:
            raise EOFError("this process is not connected to a worker")
        if self._socket.gettimeout() != seconds:
            self._socket.settimeout(seconds)
        return self._socket


class ChannelPlatform:
    """Asks the scheduler through the supervisor, one request at a time."""

    def __init__(self, channel: AttemptChannel, timeout_seconds: float) -> None:
        self._channel = channel
        self._timeout_seconds = timeout_seconds
        self._number = 0
        self._answers: dict[int, Answer] = {}
        # Re-entrant: a signal handler (on_kill) may ask while its thread waits.
        self._lock = threading.RLock()

    def ask(self, request: Request) -> Answer:
        """Return the answer to one request.

        Raises:
            PlatformUnreachableError: no answer within the time-out, or the worker has ended.
        """
        what = type(request).__name__
        if not self._channel.is_ours:
            raise PlatformUnreachableError(
                f"{what} was asked in a process that the task forked; ask in the task, and pass the value on"
            )
        if isinstance(request, SetRenderedFields):
            self._tell(request)
            return Done()
        with self._lock:
            self._number += 1
            number = self._number
            try:
                self._channel.send(msgspec.structs.replace(request, id=number))
                return self._receive_answer(number)
            except TimeoutError:
                raise PlatformUnreachableError(
                    f"{what} got no answer within {self._timeout_seconds:g} s; is the scheduler running?"
                ) from None
            except (EOFError, OSError) as error:
                raise PlatformUnreachableError(
                    f"{what} got no answer: the worker of this task has ended"
                ) from error

    def mask(self, values: Sequence[str]) -> None:
        """Let the supervisor hide these values in what the task's processes print."""
        if values and self._channel.is_ours:
            self._tell(Mask(values=tuple(values)))

    def _tell(self, message: SetRenderedFields | Mask) -> None:
        with self._lock:
            self._channel.send(message)

    def _receive_answer(self, number: int) -> Answer:
        # A signal handler may have asked in the middle of another request: each takes its own answer.
        while number not in self._answers:
            answer = self._channel.receive(self._timeout_seconds)
            if not isinstance(answer, RunTask | RunCallback):
                self._answers[answer.id] = answer
        return self._answers.pop(number)

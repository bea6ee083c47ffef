"""How module-level code of a DAG file reaches the platform: through the nursery to the parser."""

from __future__ import annotations

import socket
import threading

from etesian.foundation.errors import EtesianError
from etesian.parser.messages import ToChild
from etesian.protocol.frames import FrameReader, encode_frame
from etesian.protocol.requests import Answer, Request


class ParserUnreachableError(EtesianError):
    """The parser did not answer a request of a DAG file's module-level code."""


class ChildPlatform:
    """Sends one request at a time and waits for its answer."""

    def __init__(self, channel: socket.socket, timeout_seconds: float) -> None:
        self._channel = channel
        self._timeout_seconds = timeout_seconds
        self._answers: FrameReader[Answer] = FrameReader(ToChild)
        self._turn = threading.Lock()

    def ask(self, request: Request) -> Answer:
        """Return the answer to one request.

        Raises:
            ParserUnreachableError: there was none within the time-out.
        """
        with self._turn:
            try:
                self._channel.settimeout(self._timeout_seconds)
                self._channel.sendall(encode_frame(request))
                return self._receive(type(request).__name__)
            except OSError as error:
                raise ParserUnreachableError(
                    f"{type(request).__name__} in a DAG file's module-level code was not answered "
                    f"within {self._timeout_seconds:g} seconds: {error}"
                ) from error
            finally:
                self._channel.settimeout(None)

    def _receive(self, what: str) -> Answer:
        while True:
            data = self._channel.recv(65536)
            if not data:
                raise ParserUnreachableError(f"{what} was not answered: the parser has ended")
            for answer in self._answers.feed(data):
                return answer

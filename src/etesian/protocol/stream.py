"""A socket that carries messages both ways without ever blocking."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Any, Final, Generic, TypeVar

import msgspec

from etesian.protocol.frames import FrameReader, encode_frame

Message = TypeVar("Message")

_RECEIVE_BYTES: Final = 256 * 1024
#: How many times one call of ``receive`` reads, so that one busy connection does not starve the others.
_MAX_READS: Final = 16


class MessageStream(Generic[Message]):
    """Sends any message, receives messages of one type; what the socket does not take at once waits in
    memory.

    The owner watches ``fileno()`` for reading, and for writing while ``has_unsent``.
    """

    def __init__(
        self, sock: socket.socket, message_type: Any
    ) -> None:  # Any: a type expression, possibly a union
        sock.setblocking(False)
        self._socket = sock
        self._reader: FrameReader[Message] = FrameReader(message_type)
        self._unsent = bytearray()
        #: The other end has gone; nothing more arrives, and what is sent is dropped.
        self.is_at_end = False

    def fileno(self) -> int:
        """Return the socket's descriptor, -1 once closed."""
        return self._socket.fileno()

    @property
    def has_unsent(self) -> bool:
        """Whether ``flush`` should be called when the socket is writable."""
        return bool(self._unsent)

    @property
    def unsent_bytes(self) -> int:
        """How much waits in memory."""
        return len(self._unsent)

    def send(self, message: msgspec.Struct) -> None:
        """Send one message, now or when the other end takes it."""
        self.send_all((message,))

    def send_all(self, messages: Iterable[msgspec.Struct]) -> None:
        """Send several messages with as few system calls as possible."""
        data = b"".join(map(encode_frame, messages))
        if self._unsent:
            self._unsent += data
        elif data:
            sent = self._send(data)
            if sent < len(data):
                self._unsent += data[sent:]

    def flush(self) -> None:
        """Send what the socket takes now."""
        if self._unsent:
            sent = self._send(self._unsent)
            del self._unsent[:sent]

    def receive(self) -> list[Message]:
        """Return the messages that have arrived. Sets ``is_at_end`` when the other end has gone.

        Raises:
            FrameError: the other end does not speak the protocol; close the stream.
        """
        messages: list[Message] = []
        for _ in range(_MAX_READS):
            try:
                data = self._socket.recv(_RECEIVE_BYTES)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                self._end()
                break
            if not data:
                self._end()
                break
            messages += self._reader.feed(data)
            if len(data) < _RECEIVE_BYTES:
                break
        return messages

    def close(self) -> None:
        """Close the socket; unsent messages are dropped."""
        self._end()
        self._socket.close()

    def _send(self, data: bytes | bytearray) -> int:
        try:
            return self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            self._end()
            return len(data)

    def _end(self) -> None:
        self.is_at_end = True
        self._unsent.clear()

"""Packets between the processes of one worker: one message each, whole or not at all, with descriptors if
needed.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec

from etesian.foundation.errors import EtesianError
from etesian.protocol.frames import decoder_of

Message = TypeVar("Message")

_MAX_PACKET_BYTES: Final = 128 * 1024
_MAX_DESCRIPTORS: Final = 4
_encoder = msgspec.msgpack.Encoder()


class PeerGoneError(EtesianError):
    """The process at the other end has ended."""


class PacketSocket(Generic[Message]):
    """One end of a pair; receives messages of one type.

    On a non-blocking socket, packets that the other process has no room for wait here: watch for writing while
    ``has_unsent``, and call ``flush``.
    """

    def __init__(
        self, sock: socket.socket, message_type: Any
    ) -> None:  # Any: a type expression, possibly a union
        self._socket = sock
        self._decoder: msgspec.msgpack.Decoder[Message] = decoder_of(message_type)
        self._unsent: deque[tuple[bytes, tuple[int, ...]]] = deque()  #: with descriptors of our own

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._socket.fileno()

    @property
    def has_unsent(self) -> bool:
        """Whether ``flush`` should be called when the socket is writable."""
        return bool(self._unsent)

    def send(self, message: msgspec.Struct, descriptors: Sequence[int] = ()) -> None:
        """Send a message, and copies of ``descriptors``, now or when the other process has room.

        Raises:
            PeerGoneError: the other process has ended.
        """
        data = _encoder.encode(message)
        try:
            is_sent = not self._unsent and self._send(data, descriptors)
        except OSError as error:
            raise PeerGoneError(
                f"cannot send {type(message).__name__} to another process of the worker: {error}"
            ) from error
        if not is_sent:
            self._unsent.append((data, tuple(map(os.dup, descriptors))))

    def flush(self) -> None:
        """Send what there is room for now; drop it if the other process has ended, which ``receive`` tells."""
        try:
            while self._unsent and self._send(*self._unsent[0]):
                self._forget_first()
        except OSError:
            self._forget_unsent()

    def receive(self) -> tuple[Message, list[int]] | None:
        """Return the next message and the descriptors that came along; None if a non-blocking socket has
        none.

        Raises:
            PeerGoneError: the other process has ended.
        """
        try:
            data, descriptors = self._receive_packet()
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as error:
            raise PeerGoneError(f"lost another process of the worker: {error}") from error
        if not data:
            raise PeerGoneError("another process of the worker has ended")
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        return self._decoder.decode(data), descriptors

    def _receive_packet(self) -> tuple[bytes, list[int]]:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._socket, _MAX_PACKET_BYTES, _MAX_DESCRIPTORS)
        except ConnectionResetError:
            # The peer ended without having read everything. The kernel says so before it hands out the last
            # packets of the peer, and says it once.
            data, descriptors, _, _ = socket.recv_fds(self._socket, _MAX_PACKET_BYTES, _MAX_DESCRIPTORS)
        return data, descriptors

    def close(self) -> None:
        """Close this end; the other one sees that its peer is gone. What is unsent is dropped."""
        self._forget_unsent()
        self._socket.close()

    def _send(self, data: bytes, descriptors: Sequence[int]) -> bool:
        """Return whether there was room."""
        try:
            if descriptors:
                socket.send_fds(self._socket, [data], descriptors)
            else:
                self._socket.send(data)
        except BlockingIOError:
            return False
        return True

    def _forget_unsent(self) -> None:
        while self._unsent:
            self._forget_first()

    def _forget_first(self) -> None:
        _, descriptors = self._unsent.popleft()
        for descriptor in descriptors:
            os.close(descriptor)


def packet_pair() -> tuple[socket.socket, socket.socket]:
    """Return two connected sockets that keep the bounds of messages."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

"""Messages on a stream: four bytes of length, then msgpack."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from etesian.foundation.errors import EtesianError
from etesian.protocol.plain_values import to_plain

_LENGTH = struct.Struct("!I")
#: A frame longer than this is a fault or an attack; large XComs belong in object storage.
MAX_FRAME_BYTES = 256 * 1024 * 1024

_encoder = msgspec.msgpack.Encoder(enc_hook=to_plain)
Message = TypeVar("Message")


class FrameError(EtesianError):
    """The other end sent something that is not a frame."""


def encode_frame(message: msgspec.Struct, *, headroom_bytes: int = 0) -> bytes:
    """Return the frame of one message, which may grow by ``headroom_bytes`` when others pass it on.

    Raises:
        FrameError: it is longer than ``MAX_FRAME_BYTES``.
    """
    body = _encoder.encode(message)
    limit = MAX_FRAME_BYTES - headroom_bytes
    if len(body) > limit:
        raise FrameError(
            f"a message of {len(body)} bytes is over the limit of {limit}; store large values outside"
        )
    return _LENGTH.pack(len(body)) + body


@cache  # making one takes longer than decoding many messages, and there is a reader per attempt
def decoder_of(message_type: Any) -> msgspec.msgpack.Decoder[Any]:  # Any: a type expression, possibly a union
    """Return the decoder of a type of messages."""
    return msgspec.msgpack.Decoder(message_type)


class FrameReader(Generic[Message]):
    """Collects received bytes and gives back whole messages of one type (a tagged union)."""

    def __init__(self, message_type: Any) -> None:  # Any: a type expression, possibly a union
        self._decoder: msgspec.msgpack.Decoder[Message] = decoder_of(message_type)
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Take received bytes and yield the messages that they complete.

        Raises:
            FrameError: a frame is too long or is not a message of the type.
        """
        buffer = self._buffer
        buffer += data
        while len(buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(buffer)
            if length > MAX_FRAME_BYTES:
                raise FrameError(f"a frame announces {length} bytes; the limit is {MAX_FRAME_BYTES}")
            end = _LENGTH.size + length
            if len(buffer) < end:
                return
            body = bytes(buffer[_LENGTH.size : end])
            del buffer[:end]
            try:
                message = self._decoder.decode(body)
            except msgspec.MsgspecError as error:
                raise FrameError(f"a frame of {length} bytes is not a known message: {error}") from error
            yield message

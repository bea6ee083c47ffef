"""The store as the process that awaits triggers sees it: a socket, with the triggerer at its other end."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Sequence
from itertools import count
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Final, TypeAlias

import msgspec

from etesian.foundation.errors import EtesianError
from etesian.protocol.frames import FrameReader, encode_frame
from etesian.protocol.requests import Answer, Request
from etesian.triggerer.messages import (
    AskPlatform,
    CannotServe,
    EndAwaiting,
    LoadedTriggers,
    LoadTriggers,
    PlatformAnswered,
    Stored,
    StoreResults,
    ToAwaiter,
    WaitingChanged,
)
from etesian.triggerer.source import FiredTrigger, TriggerRow

_RECEIVE_BYTES: Final = 256 * 1024

Reply: TypeAlias = LoadedTriggers | Stored | PlatformAnswered | CannotServe


class TriggererGoneError(EtesianError):
    """The triggerer does not answer: it has ended, or failed to do what was asked."""


class RemoteSource:
    """A ``TriggerSource``, and the platform that triggers ask. ``on_end`` is called when there is no more to await."""

    def __init__(self, sock: socket.socket, on_end: Callable[[], None]) -> None:
        self._socket = sock
        self._on_end = on_end
        self._bell, self._ringer = socket.socketpair()
        self._bell.setblocking(False)
        self._ringer.setblocking(False)
        self._lock = Lock()
        self._send_lock = Lock()
        self._numbers = count(1)
        self._waiting: set[str] = set()
        self._replies: dict[int, SimpleQueue[Reply | None]] = {}
        self._is_at_end = False
        Thread(target=self._listen, name="triggerer-link", daemon=True).start()

    def fileno(self) -> int:
        """Return a descriptor that is readable when something has changed."""
        return self._bell.fileno()

    def waiting_ids(self) -> frozenset[str]:
        """Return the ids of all triggers that this process is to await now."""
        try:
            while self._bell.recv(4096):
                pass
        except BlockingIOError:
            pass
        with self._lock:
            return frozenset(self._waiting)

    def load(self, trigger_ids: Collection[str]) -> Sequence[TriggerRow]:
        """Return the triggers of these ids that exist.

        Raises:
            TriggererGoneError: the triggerer cannot say.
        """
        reply = self._ask(lambda number: LoadTriggers(number=number, trigger_ids=tuple(trigger_ids)))
        if not isinstance(reply, LoadedTriggers):
            raise TriggererGoneError(f"triggers cannot be loaded: {_reason(reply)}")
        return reply.rows

    def fired(self, results: Sequence[FiredTrigger]) -> None:
        """Have the triggerer keep what triggers came to.

        Raises:
            TriggererGoneError: it could not.
        """
        reply = self._ask(lambda number: StoreResults(number=number, results=tuple(results)))
        if not isinstance(reply, Stored):
            raise TriggererGoneError(f"results of triggers cannot be stored: {_reason(reply)}")

    def ask(self, request: Request) -> Answer:
        """Return the platform's answer to a trigger's question.

        Raises:
            TriggererGoneError: there is none.
        """
        reply = self._ask(lambda number: AskPlatform(number=number, request=request))
        if not isinstance(reply, PlatformAnswered):
            raise TriggererGoneError(f"the platform does not answer: {_reason(reply)}")
        return reply.answer

    def _ask(self, make: Callable[[int], msgspec.Struct]) -> Reply | None:
        arrived: SimpleQueue[Reply | None] = SimpleQueue()
        with self._lock:
            if self._is_at_end:
                return None
            number = next(self._numbers)
            self._replies[number] = arrived
        try:
            with self._send_lock:
                self._socket.sendall(encode_frame(make(number)))
        except OSError:
            return None
        return arrived.get()

    def _listen(self) -> None:
        reader: FrameReader[ToAwaiter] = FrameReader(ToAwaiter)
        try:
            while data := self._socket.recv(_RECEIVE_BYTES):
                for message in reader.feed(data):
                    self._take(message)
        except OSError:
            pass  # as if it had been closed
        with self._lock:
            self._is_at_end = True
            left, self._replies = self._replies, {}
        for arrived in left.values():
            arrived.put(None)
        self._on_end()

    def _take(self, message: ToAwaiter) -> None:
        match message:
            case WaitingChanged(added=added, removed=removed):
                with self._lock:
                    self._waiting.update(added)
                    self._waiting.difference_update(removed)
                self._ring()
            case EndAwaiting():
                self._on_end()
            case _:
                with self._lock:
                    arrived = self._replies.pop(message.number, None)
                if arrived is not None:
                    arrived.put(message)

    def _ring(self) -> None:
        try:
            self._ringer.send(b"x")
        except BlockingIOError:
            pass  # full: it has been rung often enough


def _reason(reply: Reply | None) -> str:
    return reply.reason if isinstance(reply, CannotServe) else "the triggerer has ended"

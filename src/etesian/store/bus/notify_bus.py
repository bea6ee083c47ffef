"""The bus on PostgreSQL: LISTEN and NOTIFY on one channel.

Both work in threads of their own, so that a slow or absent server never holds up who rings or listens.
"""

from __future__ import annotations

import logging
import select
import socket
import threading
from collections.abc import Iterable
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.engine import Engine

from etesian.store.postgresql import KEEPALIVE

if TYPE_CHECKING:
    import psycopg

logger = logging.getLogger(__name__)

CHANNEL: Final = "etesian"
_FIRST_DELAY_SECONDS: Final = 0.2
_MAX_DELAY_SECONDS: Final = 5.0
#: Told to listeners after a broken connection was renewed, because rings may have been missed.
ALL_TOPICS: Final = frozenset({"inbox", "changes", "triggers", "specs"})


class NotifyBus:
    """Rings through a thread that is started by the first ring."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ringer: _Ringer | None = None
        self._starting = threading.Lock()

    def ring(self, topic: str) -> None:
        """Hand the topic to the ringing thread."""
        ringer = self._ringer
        if ringer is None:
            with self._starting:
                ringer = self._ringer = self._ringer or _Ringer(self._engine)
        ringer.ring(topic)

    def listen(self, topics: Iterable[str] | None = None) -> NotifyBell:
        """Return a bell that hears ``topics``, or all of them."""
        return NotifyBell(self._engine, None if topics is None else frozenset(topics))

    def close(self) -> None:
        """Send what was rung last, and end the ringing thread."""
        if self._ringer is not None:
            self._ringer.close()
            self._ringer = None


class _Ringer:
    """Sends topics; those that ring while others are being sent are sent once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._topics: set[str] = set()
        self._changed = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="etesian-bell-ringer", daemon=True)
        self._thread.start()

    def ring(self, topic: str) -> None:
        with self._changed:
            self._topics.add(topic)
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join(_MAX_DELAY_SECONDS)

    def _work(self) -> None:
        connection: psycopg.Connection[Any] | None = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._topics or self._is_closed)
                topics, self._topics = sorted(self._topics), set()
                if not topics:
                    break
            try:
                connection = connection or _connect(self._engine)
                for topic in topics:
                    connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, topic))
            except self._engine.dialect.loaded_dbapi.Error as error:
                logger.warning(
                    "a ring of the bell was lost, its listeners will look by themselves: %s", error
                )
                if connection is not None:
                    connection.close()
                connection = None
        if connection is not None:
            connection.close()


class NotifyBell:
    """Passes notifications on from its thread through a pair of sockets, whose descriptor never changes."""

    def __init__(self, engine: Engine, topics: frozenset[str] | None) -> None:
        self._engine = engine
        self._heard = topics
        self._receiver, self._sender = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
        )
        self._stop_receiver, self._stop_sender = socket.socketpair()
        self._is_listening = threading.Event()
        self._thread = threading.Thread(target=self._work, name="etesian-bell-listener", daemon=True)
        self._thread.start()
        self._is_listening.wait(_MAX_DELAY_SECONDS)

    def fileno(self) -> int:
        """Return the descriptor that is readable when the bell has rung."""
        return self._receiver.fileno()

    def drain(self) -> set[str]:
        """Return the topics that rang since the last call, without waiting."""
        topics: set[str] = set()
        while True:
            try:
                topics.add(self._receiver.recv(256).decode(errors="replace"))
            except BlockingIOError:
                return topics

    def close(self) -> None:
        """Stop listening."""
        self._stop_sender.close()
        self._thread.join(_MAX_DELAY_SECONDS)
        for end in (self._receiver, self._sender, self._stop_receiver):
            end.close()

    def _work(self) -> None:
        delay, is_first = _FIRST_DELAY_SECONDS, True
        while True:
            try:
                with closing(_connect(self._engine)) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    if not is_first:
                        self._pass_on(ALL_TOPICS)
                    self._is_listening.set()
                    delay, is_first = _FIRST_DELAY_SECONDS, False
                    self._hear(connection)
                    return
            except self._engine.dialect.loaded_dbapi.Error as error:
                logger.warning("the bell's connection broke, renewing it: %s", error)
            if self._stopped_within(delay):
                return
            delay = min(delay * 2, _MAX_DELAY_SECONDS)

    def _hear(self, connection: psycopg.Connection[Any]) -> None:
        while True:
            waiting: list[psycopg.Connection[Any] | socket.socket] = [connection, self._stop_receiver]
            readable, _, _ = select.select(waiting, [], [])
            if self._stop_receiver in readable:
                return
            self._pass_on({notification.payload for notification in connection.notifies(timeout=0)})

    def _pass_on(self, topics: Iterable[str]) -> None:
        for topic in topics:
            if self._heard is None or topic in self._heard:
                with suppress(BlockingIOError):  # full: the listener has enough to wake up for
                    self._sender.send(topic.encode())

    def _stopped_within(self, seconds: float) -> bool:
        readable, _, _ = select.select([self._stop_receiver], [], [], seconds)
        return bool(readable)


def _connect(engine: Engine) -> psycopg.Connection[Any]:
    arguments, options = engine.dialect.create_connect_args(engine.url)
    timeout = {"connect_timeout": int(_MAX_DELAY_SECONDS)}
    wanted = {**KEEPALIVE, **timeout, **options, "application_name": "etesian-bell", "autocommit": True}
    connection: psycopg.Connection[Any] = engine.dialect.loaded_dbapi.connect(*arguments, **wanted)
    return connection

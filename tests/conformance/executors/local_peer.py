"""The other side of the local executor: a unix socket."""

from __future__ import annotations

import socket
from pathlib import Path

import msgspec

from etesian.executors.local import LocalExecutor
from etesian.protocol.addresses import worker_socket_path
from etesian.protocol.channels import FromWorker, ToWorker
from etesian.protocol.stream import MessageStream


class LocalPeer:
    def __init__(self, home: Path) -> None:
        self._home = home
        self._greeting: tuple[msgspec.Struct, ...] = ()
        self._listener: socket.socket | None = None
        self._stream: MessageStream[ToWorker] | None = None

    def create_executor(self) -> LocalExecutor:
        return LocalExecutor(self._home)

    def appear(self, *greeting: msgspec.Struct) -> None:
        path = worker_socket_path(self._home)
        path.unlink(missing_ok=True)
        self._greeting = greeting
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._listener.setblocking(False)

    def vanish(self) -> None:
        if self._stream is not None:
            self._stream.close()
        if self._listener is not None:
            self._listener.close()
        self._stream = self._listener = None

    def say(self, *messages: FromWorker) -> None:
        assert self._stream is not None, "nobody has connected"
        self._stream.send_all(messages)

    def heard(self) -> list[ToWorker]:
        self._accept()
        if self._stream is None:
            return []
        self._stream.flush()
        return self._stream.receive()

    def close(self) -> None:
        self.vanish()

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return
        if self._stream is not None:
            self._stream.close()
        self._stream = MessageStream(connection, ToWorker)
        self._stream.send_all(self._greeting)

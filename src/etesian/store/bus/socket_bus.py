"""The bus beside a SQLite file: listeners have datagram sockets in one folder, and a ring writes to them."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from etesian.foundation.run_dir import RunDirectoryError, run_directory

#: In the name of a listener's socket: hears every topic.
_ALL: Final = "_all"
_SUFFIX: Final = ".bell"


class SocketBus:
    """Finds listeners by their sockets' names, which start with the topics they hear."""

    def __init__(self, home: Path) -> None:
        self._folder = run_directory(home) / "bell"
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise RunDirectoryError(
                f"cannot make the folder {str(self._folder)!r}: {error.strerror}"
            ) from error
        self._sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    def ring(self, topic: str) -> None:
        """Write to the sockets of all who listen to ``topic``; remove those whose process is gone."""
        try:
            names = os.listdir(self._folder)  # noqa: PTH208 - called for every commit, and four times faster
        except OSError:
            return
        message = topic.encode()
        for name in names:
            heard = name.partition(".")[0].split("+")
            if topic in heard or _ALL in heard:
                self._send(message, self._folder / name)

    def listen(self, topics: Iterable[str] | None = None) -> SocketBell:
        """Return a bell that hears ``topics``, or all of them."""
        heard = _ALL if topics is None else "+".join(sorted(topics))
        return SocketBell(self._folder / f"{heard}.{os.getpid()}-{secrets.token_hex(3)}{_SUFFIX}")

    def close(self) -> None:
        """Close the socket that rings."""
        self._sender.close()

    def _send(self, message: bytes, path: Path) -> None:
        try:
            self._sender.sendto(message, str(path))
        except ConnectionRefusedError:
            with suppress(OSError):
                path.unlink()  # its process died without closing it
        except OSError:
            return  # full: that listener has enough to wake up for; or it closes right now


class SocketBell:
    """A listener's socket."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))

    def fileno(self) -> int:
        """Return the descriptor that is readable when the bell has rung."""
        return self._socket.fileno()

    def drain(self) -> set[str]:
        """Return the topics that rang since the last call, without waiting."""
        topics: set[str] = set()
        while True:
            try:
                topics.add(self._socket.recv(256).decode(errors="replace"))
            except BlockingIOError:
                return topics

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
        self._path.unlink(missing_ok=True)

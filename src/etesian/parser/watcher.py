"""Hears from the operating system that something changed below some folders."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from watchfiles import DefaultFilter, watch

logger = logging.getLogger(__name__)

#: How long the watching thread may sleep before it looks whether it should end, in milliseconds.
_NAP_MILLISECONDS = 5_000
#: Before the folders are watched again after that failed; doubled up to the second.
_RETRY_SECONDS: Final = (0.1, 60.0)


class FolderWatcher:
    """Watches folders in a thread of its own; readable when something changed. Missing ones are left out."""

    def __init__(self, folders: Iterable[Path], debounce_seconds: float) -> None:
        self._folders = [folder for folder in folders if folder.is_dir()]
        self._debounce_milliseconds = max(int(debounce_seconds * 1000), 1)
        self._stop = threading.Event()
        self._read, self._write = socket.socketpair()
        for end in (self._read, self._write):
            end.setblocking(False)
        self._thread = threading.Thread(target=self._watch, name="etesian-folder-watcher", daemon=True)
        if self._folders:
            self._thread.start()

    def fileno(self) -> int:
        """Return the descriptor that is readable when something changed."""
        return self._read.fileno()

    def drain(self) -> bool:
        """Return whether something changed since the last call."""
        heard = False
        try:
            while self._read.recv(512):
                heard = True
        except BlockingIOError:
            pass
        return heard

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()
        if self._folders:
            self._thread.join(_NAP_MILLISECONDS / 1000)
        self._read.close()
        self._write.close()

    def _watch(self) -> None:
        delay, longest = _RETRY_SECONDS
        while not self._stop.is_set():
            try:
                for _ in self._changes():
                    self._ring()
                    delay = _RETRY_SECONDS[0]
            except Exception as error:
                # For instance too many watches for this user, a file system without notifications, or a change of
                # a file whose name is not UTF-8, which ends the watch.
                logger.warning(
                    "for %.1f s changes of DAG files are noticed by looking from time to time only: %s",
                    delay,
                    error,
                )
                self._ring()
                self._stop.wait(delay)
                delay = min(delay * 2, longest)

    def _changes(self) -> Iterator[object]:
        return watch(
            *self._folders,
            watch_filter=DefaultFilter(),
            debounce=self._debounce_milliseconds,
            step=self._debounce_milliseconds,
            stop_event=self._stop,
            rust_timeout=_NAP_MILLISECONDS,
            raise_interrupt=False,
        )

    def _ring(self) -> None:
        try:
            self._write.send(b"x")
        except OSError:
            pass  # full, or closed: it was heard, or nobody listens

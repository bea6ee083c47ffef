"""A request to stop that a sleeping loop notices at once."""

from __future__ import annotations

import signal
import socket


class StopSignal:
    """Set once, by a signal or by another thread; can be waited for with ``select``."""

    def __init__(self) -> None:
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)
        self._is_set = False

    def set(self) -> None:
        """Ask to stop. Safe in a signal handler, and more than once."""
        self._is_set = True
        try:
            self._write.send(b"x")
        except BlockingIOError:
            pass  # full: the sleeper has been told often enough

    def is_set(self) -> bool:
        """Whether somebody asked."""
        return self._is_set

    def fileno(self) -> int:
        """Readable from the moment it is set."""
        return self._read.fileno()

    def set_on_signals(self, *numbers: int) -> None:
        """Set it when one of these signals arrives; SIGTERM and SIGINT by default. Main thread only."""
        for number in numbers or (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self.set())

    def close(self) -> None:
        """Give the sockets back."""
        self._read.close()
        self._write.close()

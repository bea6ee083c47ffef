"""What zygote and DAG hosts do all their life: wait for a message, or for the end of a child."""

from __future__ import annotations

import os
import select
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from etesian.worker.packets import PacketSocket

Message = TypeVar("Message")


@dataclass(frozen=True, slots=True)
class ChildEnd:
    """A child that has been waited for."""

    pid: int
    status: int
    peak_memory_bytes: int
    cpu_seconds: float


class ForkLoop(Generic[Message]):
    """Waits for messages and for children at once. It owns SIGCHLD in its process."""

    def __init__(self, control: PacketSocket[Message]) -> None:
        self._control = control
        self._bell, self._bell_write = socket.socketpair()
        for end in (self._bell, self._bell_write):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # a handler, so that the bell below rings
        signal.set_wakeup_fd(self._bell_write.fileno(), warn_on_full_buffer=False)
        self._poll = select.poll()
        self._poll.register(self._bell, select.POLLIN)
        self._poll.register(control, select.POLLIN)

    def wait(self, seconds: float | None = None) -> bool:
        """Sleep until there is something to do, or ``seconds`` have passed; return whether a message waits.

        Children that ended are found by ``reap`` afterwards.
        """
        ready = self._poll.poll(None if seconds is None else seconds * 1000)
        descriptors = [descriptor for descriptor, _ in ready]
        if self._bell.fileno() in descriptors:
            self._drain_bell()
        return self._control.fileno() in descriptors

    def reap(self) -> Iterator[ChildEnd]:
        """Wait for all children that have ended."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            yield ChildEnd(pid, status, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime)

    def close(self) -> None:
        """Give everything back: at the end, or in a forked child, to which it does not belong."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._bell.close()
        self._bell_write.close()
        self._control.close()

    def _drain_bell(self) -> None:
        try:
            while self._bell.recv(512):
                pass
        except BlockingIOError:
            pass

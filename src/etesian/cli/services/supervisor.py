"""Starts services as child processes, restarts what dies, and stops all in order.

The supervisor runs no service code itself: one thread that sleeps until a child ends, a restart is due
or a signal arrives.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Final

from etesian.foundation.clock import Clock
from etesian.foundation.process import die_with_parent, set_process_name

logger = logging.getLogger(__name__)

#: A service that lived this long starts again at once; one that dies sooner waits longer each time.
STABLE_SECONDS: Final = 10.0
FIRST_DELAY_SECONDS: Final = 0.1
MAX_DELAY_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One child process of the platform."""

    name: str
    start: Callable[[], int]  #: starts it and returns its pid
    stop_timeout_seconds: float = 15.0  #: between SIGTERM and SIGKILL


@dataclass(slots=True)
class _Child:
    service: Service
    pid: int | None = None
    started: float = 0.0
    restart_due: float | None = None
    quick_deaths: int = 0


def fork_service(name: str, run: Callable[[], None]) -> Callable[[], int]:
    """Return a ``Service.start`` that forks this process and calls ``run`` in the child."""

    def start() -> int:
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            _enter_child(name, parent)
            run()
            status = 0
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else 1
        except BaseException:  # the last frame of a forked child: report whatever it was, then leave
            logger.exception("%s stopped by an error", name)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    return start


def _enter_child(name: str, parent: int) -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    os.setpgid(0, 0)  # Ctrl-C in the terminal reaches the supervisor only, which stops its children in order
    die_with_parent(parent, signal.SIGTERM)
    set_process_name(f"etesian {name}")


class Supervisor:
    """Keeps services running until it is asked to stop."""

    def __init__(self, services: Sequence[Service], clock: Clock) -> None:
        """Services are started in the order given and stopped in the reverse order."""
        self._children = [_Child(service) for service in services]
        self._clock = clock
        self._stopping = False
        self._wake_read, self._wake_write = socket.socketpair()
        for end in (self._wake_read, self._wake_write):
            end.setblocking(False)

    def run(self, on_started: Callable[[], None] = lambda: None) -> None:
        """Start all services, keep them running, return after SIGTERM or SIGINT when all have stopped."""
        signal.set_wakeup_fd(self._wake_write.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop_signal)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        try:
            for child in self._children:
                self._start(child)
            on_started()
            while not self._stopping:
                self._sleep(self._seconds_until_restart())
                self._reap()
                self._restart_due()
        finally:
            self._stop_all()
            signal.set_wakeup_fd(-1)

    def _on_stop_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _start(self, child: _Child) -> None:
        child.pid = child.service.start()
        child.started = self._clock.monotonic()
        child.restart_due = None

    def _sleep(self, seconds: float | None) -> None:
        if self._stopping:
            return
        select.select([self._wake_read], [], [], seconds)
        try:
            while self._wake_read.recv(512):
                pass
        except BlockingIOError:
            pass

    def _seconds_until_restart(self) -> float | None:
        due = [child.restart_due for child in self._children if child.restart_due is not None]
        return max(0.0, min(due) - self._clock.monotonic()) if due else None

    def _reap(self) -> None:
        for child in self._children:
            if child.pid is None:
                continue
            try:
                pid, status = os.waitpid(child.pid, os.WNOHANG)
            except ChildProcessError:
                pid, status = child.pid, 0
            if pid:
                self._note_death(child, status)

    def _note_death(self, child: _Child, status: int) -> None:
        now = self._clock.monotonic()
        child.pid = None
        if self._stopping:
            return
        lived = now - child.started
        child.quick_deaths = 0 if lived >= STABLE_SECONDS else child.quick_deaths + 1
        delay = min(FIRST_DELAY_SECONDS * 2 ** max(child.quick_deaths - 1, 0), MAX_DELAY_SECONDS)
        child.restart_due = now + (delay if child.quick_deaths else 0.0)
        logger.warning(
            "%s ended (%s) after %.1f s; starting it again in %.1f s",
            child.service.name, _describe_status(status), lived, child.restart_due - now,
        )  # fmt: skip

    def _restart_due(self) -> None:
        now = self._clock.monotonic()
        for child in self._children:
            if child.restart_due is not None and child.restart_due <= now and not self._stopping:
                self._start(child)

    def _stop_all(self) -> None:
        self._stopping = True
        for child in reversed(self._children):
            if child.pid is not None:
                self._stop(child)

    def _stop(self, child: _Child) -> None:
        assert child.pid is not None  # the caller has asked
        _signal(child.pid, signal.SIGTERM)
        if not self._wait_for_end(child, child.service.stop_timeout_seconds):
            logger.warning(
                "%s did not stop within %.0f s; killing it",
                child.service.name,
                child.service.stop_timeout_seconds,
            )
            _signal(child.pid, signal.SIGKILL)
            self._wait_for_end(child, 5.0)

    def _wait_for_end(self, child: _Child, seconds: float) -> bool:
        deadline = self._clock.monotonic() + seconds
        while child.pid is not None:
            self._reap()
            remaining = deadline - self._clock.monotonic()
            if child.pid is None or remaining <= 0:
                break
            # A SIGCHLD wakes this; the short bound covers one that came before the wait.
            select.select([self._wake_read], [], [], min(remaining, 0.05))
        return child.pid is None


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _describe_status(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exit code {os.waitstatus_to_exitcode(status)}"

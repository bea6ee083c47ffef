"""The processes of one DAG host: enough of them ready in time, each given to one attempt.

A busy host has one process more than it needs, a *spare* forked in advance, so that the next attempt does not
wait for a fork. When many hosts are busy, not each of them has one: spares cost memory, and save no work.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final, Protocol

import msgspec

from etesian.protocol.reports import Finished
from etesian.protocol.requests import Request
from etesian.worker.attempt_process import AttemptProcess
from etesian.worker.attempts import Attempt, Phase
from etesian.worker.event_loop import EventLoop
from etesian.worker.messages import Exited, Fork, FromAttempt, LoadFailed, Mask, Ready, Signal

#: Forks that a host is asked for and has not answered. Bounds what waits in its socket while it imports.
_MAX_STARTING: Final = 8
_NOT_READY: Final = "a process for the attempt ended before it was ready"


class AttemptEvents(Protocol):
    """Who is told what happens to attempts."""

    def log_path_of(self, attempt: Attempt) -> Path:
        """Return where an attempt's log lies."""
        ...

    def attempt_started(self, attempt: Attempt) -> None:
        """Its process was told to run it."""
        ...

    def attempt_said(self, attempt: Attempt, message: FromAttempt | None) -> None:
        """Its process sent a message; None if it was not one."""
        ...

    def attempt_exited(self, attempt: Attempt, exited: Exited | None, how: str) -> None:
        """Its process has gone, and how; ``exited`` is None if its host went first."""
        ...

    def attempt_not_started(self, attempt: Attempt, failure: LoadFailed) -> None:
        """It was granted but cannot be started."""
        ...


class HostLink(Protocol):
    """How the processes' parent is asked for something."""

    def send_to_host(self, message: Fork | Signal, descriptors: tuple[int, ...] = ()) -> None:
        """Send a message; nothing happens if the host has gone."""
        ...

    def attempts_changed(self) -> None:
        """An attempt came or went."""
        ...

    def process_is_late(self, number: int) -> None:
        """A process that was asked for did not come up in time."""
        ...

    def process_asked(self, number: int, request: Request) -> None:
        """A process that has no attempt yet imports the DAG file, whose top level asks for something."""
        ...


class ProcessSupply:
    """Keeps the processes of one host."""

    def __init__(
        self,
        loop: EventLoop,
        host: HostLink,
        events: AttemptEvents,
        *,
        may_spare: Callable[[], bool],
        start_timeout_seconds: float,
    ) -> None:
        """``may_spare`` says whether there may be one more spare now."""
        self._loop = loop
        self._start_timeout_seconds = start_timeout_seconds
        self._host = host
        self._events = events
        self._may_spare = may_spare
        self._numbers = count(1)
        self._wanting: dict[str, Attempt] = {}  #: attempts without a process, granted or not
        self._waiting: deque[Attempt] = deque()  #: those of them that are granted
        self._starting: dict[int, AttemptProcess] = {}
        self._ready: deque[AttemptProcess] = deque()
        self._running: dict[int, AttemptProcess] = {}  #: until the process has gone
        self._process_of: dict[str, AttemptProcess] = {}  #: until the attempt has reported
        self._failure: LoadFailed | None = None
        self.has_forked = False  #: a process has come up here

    @property
    def is_idle(self) -> bool:
        """Whether no attempt has, or will want, a process."""
        return not self._wanting and not self._running

    @property
    def spares(self) -> int:
        """How many processes there are, or will be in a moment, that no attempt wants."""
        return max(0, len(self._ready) + len(self._starting) - len(self._wanting))

    def take_wanting(self) -> list[tuple[Attempt, bool]]:
        """Give away the attempts that have no process, each with whether it is granted."""
        attempts = [(attempt, attempt.phase is Phase.WAITING) for attempt in self._wanting.values()]
        self._wanting.clear()
        self._waiting.clear()
        return attempts

    def expect(self, attempt: Attempt) -> None:
        """Prepare for an attempt that will probably be granted."""
        self._wanting[attempt.attempt_id] = attempt
        self._host.attempts_changed()
        self._fork_ahead()

    def run(self, attempt: Attempt) -> None:
        """Start a granted attempt, now or as soon as a process is ready."""
        attempt.phase = Phase.WAITING
        self._waiting.append(attempt)
        if self._failure is not None:
            self.fail_waiting(self._failure)
        else:
            self._assign_ready()
            self._fork_ahead()

    def forget(self, attempt: Attempt) -> None:
        """Do not start this attempt; or let go of its process, which has reported."""
        process = self._process_of.pop(attempt.attempt_id, None)
        if process is not None:
            process.close()
        elif self._wanting.pop(attempt.attempt_id, None) is not None:
            if attempt in self._waiting:
                self._waiting.remove(attempt)
            self._host.attempts_changed()

    def tell(self, attempt: Attempt, message: msgspec.Struct) -> None:
        """Send a message to the attempt's process."""
        process = self._process_of.get(attempt.attempt_id)
        if process is not None:
            process.send(message)

    def signal(self, attempt: Attempt, signal_number: int, *, to_group: bool) -> None:
        """Send a signal to the attempt's process, or to all of its group."""
        process = self._process_of.get(attempt.attempt_id)
        if process is not None:
            self._host.send_to_host(Signal(number=process.number, signal=signal_number, to_group=to_group))

    def answer(self, number: int, message: msgspec.Struct) -> None:
        """Answer a process that asked before it had an attempt."""
        process = self._starting.get(number)
        if process is not None:
            process.send(message)

    def drop_spares(self) -> None:
        """End the processes that wait for nothing in particular."""
        while self._ready:
            self._ready.popleft().close()

    def fail_waiting(self, failure: LoadFailed) -> None:
        """Fail all granted attempts, and those that are granted later."""
        self._failure = failure
        while self._waiting:
            self._events.attempt_not_started(self._take_next(), failure)
        self._host.attempts_changed()

    def fork_failed(self, number: int, reason: str) -> None:
        """The host could not start a process; without an end for one attempt this would go on for ever."""
        self._starting.pop(number).close()
        self._fail_next(reason)

    def exited(self, exited: Exited, how: str) -> None:
        """A process has gone; ``how`` says in words how it ended."""
        number = exited.number
        process = self._running.get(number)
        if process is not None:
            self._end_running(process, exited, how)
        elif (process := self._starting.get(number)) is not None:
            was_late = process.timer is not None and process.timer.callback is None
            self.fork_failed(number, self._describe_late() if was_late else f"{_NOT_READY}: {how}")
        else:
            self._forget_spare(number)

    def kill_all(self) -> None:
        """End what the host forked, because it has gone and cannot do it."""
        for process in self._running.values():
            process.kill_group()

    def all_gone(self, how: str) -> None:
        """The host has gone, and how. Attempts without a process stay, to be taken away."""
        for process in (*self._starting.values(), *self._ready):
            process.close()
        self._starting.clear()
        self._ready.clear()
        for process in list(self._running.values()):
            self._end_running(process, None, how)

    def _fork_ahead(self) -> None:
        if self._failure is not None:
            return
        missing = len(self._wanting) - len(self._ready) - len(self._starting)
        if missing >= 0 and self._may_spare():
            missing += 1
        for _ in range(min(missing, _MAX_STARTING - len(self._starting))):
            try:
                process = AttemptProcess(next(self._numbers), self._loop, self._on_message)
            except OSError as error:  # too many open files
                self._fail_next(f"the worker cannot start a process: {error.strerror}")
                return
            self._starting[process.number] = process
            self._host.send_to_host(Fork(number=process.number), process.far_ends)
            process.close_far_ends()
            process.timer = self._loop.call_later(
                self._start_timeout_seconds, partial(self._host.process_is_late, process.number)
            )

    def _describe_late(self) -> str:
        return f"importing the DAG file took longer than {self._start_timeout_seconds:g} s and was ended"

    def _fail_next(self, reason: str) -> None:
        """Fail the attempt that has waited longest; were it left waiting, this could go on for ever."""
        if self._waiting:
            failure = LoadFailed(reason=reason, traceback="")
            self._events.attempt_not_started(self._take_next(), failure)
            self._host.attempts_changed()
        if self._waiting:
            self._fork_ahead()

    def _take_next(self) -> Attempt:
        attempt = self._waiting.popleft()
        del self._wanting[attempt.attempt_id]
        return attempt

    def _forget_spare(self, number: int) -> None:
        for process in self._ready:
            if process.number == number:
                self._ready.remove(process)
                process.close()
                break

    def _on_message(self, process: AttemptProcess, message: FromAttempt | None) -> None:
        if isinstance(message, Ready):
            process.pid = message.pid
            process.cancel_timer()
            if self._starting.pop(process.number, None) is not None:
                self.has_forked = True
                self._ready.append(process)
                self._assign_ready()
                self._fork_ahead()
        elif process.attempt is not None:
            self._events.attempt_said(process.attempt, message)
        elif message is not None and not isinstance(message, Mask | Finished):
            self._host.process_asked(process.number, message)

    def _assign_ready(self) -> None:
        while self._waiting and self._ready:
            attempt, process = self._take_next(), self._ready.popleft()
            self._running[process.number] = self._process_of[attempt.attempt_id] = process
            attempt.phase = Phase.RUNNING
            process.assign(attempt, partial(self._events.log_path_of, attempt))
            self._events.attempt_started(attempt)
            self._fork_ahead()

    def _end_running(self, process: AttemptProcess, exited: Exited | None, how: str) -> None:
        del self._running[process.number]
        process.receive()  # a report may have arrived just before the end
        process.close()
        attempt = process.attempt
        assert attempt is not None  # running processes have one
        self._process_of.pop(attempt.attempt_id, None)
        self._events.attempt_exited(attempt, exited, how)
        self._host.attempts_changed()

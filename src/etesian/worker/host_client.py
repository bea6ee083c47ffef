"""The supervisor's side of one DAG host: starts it, sees it import its file, and notices its end."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from etesian.protocol.frames import FrameError
from etesian.protocol.requests import Request
from etesian.protocol.stream import MessageStream
from etesian.worker.death import describe_status
from etesian.worker.event_loop import EventLoop, Timer
from etesian.worker.messages import DagFile, Exited, Fork, ForkFailed, FromHost, Loaded, LoadFailed, Signal
from etesian.worker.output_pipe import OutputPipe
from etesian.worker.packets import PacketSocket, PeerGoneError, packet_pair
from etesian.worker.process_supply import AttemptEvents, ProcessSupply
from etesian.worker.zygote_client import ZygoteClient


class HostEvents(Protocol):
    """Who is told what happens to a DAG host."""

    def host_loaded(self, host: HostClient) -> None:
        """The file is imported, and it is known how much memory that took."""
        ...

    def host_cannot_fork(self, host: HostClient) -> None:
        """The file starts threads when it is imported: this host is of no use."""
        ...

    def host_became_idle(self, host: HostClient) -> None:
        """No attempt is on it any more."""
        ...

    def host_ended(self, host: HostClient) -> None:
        """It has gone. Attempts that have no process yet are still in its supply."""
        ...

    def host_asked(self, asker: str, request: Request) -> None:
        """Code at the top level of the file asks for something; ``asker`` is where the answer goes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HostParts:
    """What the DAG hosts of a worker share."""

    loop: EventLoop
    zygote: ZygoteClient
    host_events: HostEvents
    attempt_events: AttemptEvents
    may_spare: Callable[[], bool]
    import_timeout_seconds: float


class HostClient:
    """One DAG host process."""

    def __init__(self, number: int, dag_file: DagFile, parts: HostParts, import_log: Path) -> None:
        self.number = number
        self.dag_file = dag_file
        self.private_bytes = 0
        self.idle_since = parts.loop.clock.monotonic()
        self._parts = parts
        self._is_loaded = dag_file.is_spawned
        self._has_failed = False
        self._is_hung = False  #: it was killed because it did not fork
        self._is_closed = False
        self._nobody_waits = False  #: the zygote, its parent, has gone before it
        self.supply = ProcessSupply(
            parts.loop,
            self,
            parts.attempt_events,
            # A whole interpreter in advance would cost too much memory.
            may_spare=parts.may_spare if not dag_file.is_spawned else lambda: False,
            start_timeout_seconds=self._start_timeout_seconds,
        )
        self._start(import_log)

    @property
    def _start_timeout_seconds(self) -> float:
        """How long a process may take to come up; the first fork waits for the import, which has its own bound."""
        return self._parts.import_timeout_seconds * (1 if self.dag_file.is_spawned else 2)

    @property
    def may_restart(self) -> bool:
        """Whether attempts that it leaves behind should be tried on another host."""
        return self.supply.has_forked and not self._has_failed

    def send_to_host(self, message: Fork | Signal, descriptors: tuple[int, ...] = ()) -> None:
        """Send a message; nothing happens if the host has gone: its end is about to be noticed."""
        if not self._is_closed:
            try:
                self._control.send(message, descriptors)
            except PeerGoneError:
                return
            self._parts.loop.flush(self._control)

    def attempts_changed(self) -> None:
        """Called by the supply: note since when the host is idle."""
        if self.supply.is_idle:
            self.idle_since = self._parts.loop.clock.monotonic()
            self._parts.host_events.host_became_idle(self)

    def process_is_late(self, number: int) -> None:
        """Called by the supply: end a process that imports the file for too long, or a host that does not fork."""
        if self.dag_file.is_spawned:
            self.send_to_host(Signal(number=number, signal=signal.SIGKILL))
        else:
            self._is_hung = True
            self._parts.zygote.kill_host(self.number)

    def process_asked(self, number: int, request: Request) -> None:
        """Called by the supply: pass on what a process asks that imports the file itself."""
        self._parts.host_events.host_asked(f"host:{self.number}:{number}", request)

    def answer(self, process_number: int | None, message: msgspec.Struct) -> None:
        """Answer a request of code at the top level of the file: in the host, or in a process of its own."""
        if process_number is not None:
            self.supply.answer(process_number, message)
        elif self._channel.fileno() >= 0:
            self._parts.loop.send(self._channel, message)

    def retire(self) -> None:
        """End an idle host: it sees its socket close, and ends its spare."""
        self.supply.all_gone("it was not needed any more")
        self._close()

    def status_known(self, status: int | None) -> None:
        """Take the status as from ``waitpid``; None says that nobody waits for the host any more."""
        if status is None and not self._is_closed:
            self._nobody_waits = True
        else:
            self._end(status)

    def _start(self, import_log: Path) -> None:
        loop = self._parts.loop
        control, channel, reading = self._ask_for_process()
        control.setblocking(False)
        self._control: PacketSocket[FromHost] = PacketSocket(control, FromHost)
        self._channel: MessageStream[Request] = MessageStream(channel, Request)
        self._output = OutputPipe(reading)
        self._output.direct_to(lambda: import_log, str)
        loop.watch(control.fileno(), self._receive)
        loop.watch(channel.fileno(), self._receive_requests)
        loop.watch(reading, self._read_output)
        self._import_timer: Timer | None = None
        if not self._is_loaded:
            self._import_timer = loop.call_later(self._parts.import_timeout_seconds, self._on_import_timeout)

    def _ask_for_process(self) -> tuple[socket.socket, socket.socket, int]:
        """Have the zygote fork; return our ends of its control socket, its channel and its output pipe.

        Raises:
            OSError: there are too many open files, or processes.
        """
        with ExitStack() as far_ends, ExitStack() as near_ends:
            control, their_control = packet_pair()
            near_ends.enter_context(control)
            far_ends.enter_context(their_control)
            channel, their_channel = socket.socketpair()
            near_ends.enter_context(channel)
            far_ends.enter_context(their_channel)
            reading, writing = os.pipe()
            near_ends.callback(os.close, reading)
            far_ends.callback(os.close, writing)
            descriptors = (their_control.fileno(), their_channel.fileno(), writing)
            self._parts.zygote.start_host(self.number, self.dag_file, descriptors)
            near_ends.pop_all()
        return control, channel, reading

    def _receive(self) -> None:
        try:
            while not self._is_closed and (received := self._control.receive()) is not None:
                self._handle(received[0])
        except PeerGoneError:
            self._close()
            self.supply.kill_all()
            if self._nobody_waits:
                self._end(None)

    def _handle(self, message: FromHost) -> None:
        match message:
            case Exited():
                self.supply.exited(message, describe_status(message.status))
            case Loaded():
                self._on_loaded(message)
            case LoadFailed():
                self._fail(message)
            case ForkFailed(number=number, reason=reason):
                self.supply.fork_failed(number, reason)

    def _on_loaded(self, loaded: Loaded) -> None:
        self._cancel_import_timer()
        self.private_bytes = loaded.private_bytes
        if loaded.threads:
            self._parts.host_events.host_cannot_fork(self)
        else:
            self._is_loaded = True
            self._parts.host_events.host_loaded(self)

    def _on_import_timeout(self) -> None:
        self._parts.zygote.kill_host(self.number)
        reason = (
            f"importing the DAG file {self.dag_file.file!r} took longer than "
            f"{self._parts.import_timeout_seconds:g} s and was ended"
        )
        self._fail(LoadFailed(reason=reason, traceback=""))

    def _fail(self, failure: LoadFailed) -> None:
        self._cancel_import_timer()
        self._has_failed = True
        self.supply.fail_waiting(failure)

    def _end(self, status: int | None) -> None:
        """The host has gone: say why attempts cannot start, if that is why it has gone."""
        self._receive()
        self._close()
        how = self._describe_hang() if self._is_hung else describe_status(status)
        self.supply.all_gone(how)
        if not self.may_restart and not self._has_failed:
            what = "the process that hosts" if self._is_loaded else "importing"
            reason = f"{what} the DAG file {self.dag_file.file!r} ended: {how}"
            self._fail(LoadFailed(reason=reason, traceback=""))
        self._parts.host_events.host_ended(self)

    def _describe_hang(self) -> str:
        return f"it started no process within {self._start_timeout_seconds:g} s, and was killed"

    def _receive_requests(self) -> None:
        try:
            for request in self._channel.receive():
                self._parts.host_events.host_asked(f"host:{self.number}", request)
        except FrameError:
            self._channel.is_at_end = True
        if self._channel.is_at_end:
            self._parts.loop.forget(self._channel.fileno())

    def _read_output(self) -> None:
        if not self._output.read():
            self._parts.loop.forget(self._output.fileno())

    def _cancel_import_timer(self) -> None:
        if self._import_timer is not None:
            self._import_timer.cancel()

    def _close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._cancel_import_timer()
        for fileno in (self._control.fileno(), self._channel.fileno(), self._output.fileno()):
            self._parts.loop.forget(fileno)
        self._output.read_rest()
        self._control.close()
        self._channel.close()
        self._output.close()

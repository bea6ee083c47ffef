"""The supervisor's side of one attempt's process: the channel it is told on, the pipe it prints to."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import msgspec

from etesian.protocol.frames import FrameError
from etesian.protocol.stream import MessageStream
from etesian.worker.attempts import Attempt
from etesian.worker.event_loop import EventLoop, Timer
from etesian.worker.messages import FromAttempt
from etesian.worker.output_pipe import OutputPipe

#: Gets each message of a process, and ``None`` if it broke the protocol.
OnMessage = Callable[["AttemptProcess", FromAttempt | None], None]


class AttemptProcess:
    """One process: a spare at first, then the place of one attempt, then gone."""

    def __init__(self, number: int, loop: EventLoop, on_message: OnMessage) -> None:
        self.number = number
        self.pid: int | None = None  #: known once it is ready
        self.attempt: Attempt | None = None
        self.timer: Timer | None = None  #: bounds the time until it is ready
        self._loop = loop
        self._on_message = on_message
        ours, theirs = socket.socketpair()
        reading, writing = os.pipe()
        self.far_ends = (theirs.detach(), writing)  #: for the process; to be closed here when it has them
        self._channel: MessageStream[FromAttempt] = MessageStream(ours, FromAttempt)
        self._output = OutputPipe(reading)
        loop.watch(ours.fileno(), self.receive)

    def close_far_ends(self) -> None:
        """Close what the process has its own copies of now."""
        for descriptor in self.far_ends:
            os.close(descriptor)

    def assign(self, attempt: Attempt, find_log_path: Callable[[], Path]) -> None:
        """Tell the process what to run. From here on user code may have started."""
        self.attempt = attempt
        self._output.direct_to(find_log_path, attempt.mask.redact)
        self._loop.watch(self._output.fileno(), self._read_output)
        self.send(attempt.workload)

    def send(self, message: msgspec.Struct) -> None:
        """Send a message; nothing happens if the process has gone."""
        if self._channel.fileno() >= 0:
            self._loop.send(self._channel, message)

    def receive(self) -> None:
        """Handle what the process has sent."""
        if self._channel.fileno() < 0:
            return
        try:
            for message in self._channel.receive():
                self._on_message(self, message)
        except FrameError:
            self._loop.forget(self._channel.fileno())
            self._on_message(self, None)
        if self._channel.is_at_end:
            self._loop.forget(self._channel.fileno())

    def close(self) -> None:
        """Log what was printed until now and give both connections back. A process that still waits sees it
        and ends.
        """
        if self._channel.fileno() < 0:
            return
        self.cancel_timer()
        self._loop.forget(self._channel.fileno())
        self._channel.close()
        self._loop.forget(self._output.fileno())
        self._output.read_rest()
        self._output.close()

    def cancel_timer(self) -> None:
        """The process is ready, or has gone."""
        if self.timer is not None:
            self.timer.cancel()

    def kill_group(self) -> None:
        """End the process and its children because their host cannot do it any more."""
        if self.pid is not None:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def _read_output(self) -> None:
        self.receive()  # values to mask were sent before they could be printed
        if self._output.fileno() >= 0 and not self._output.read():
            self._loop.forget(self._output.fileno())

"""One child of the nursery, seen from the nursery: what it says, what it takes, and its end."""

from __future__ import annotations

import os
import select
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from etesian.foundation.clock import Clock
from etesian.parser.child import run_child
from etesian.parser.messages import ChildEnded, ChildSaid, FromChild, FromNursery, Parsed, ParseFiles, Verdict
from etesian.protocol.frames import FrameError
from etesian.protocol.requests import Answer
from etesian.protocol.stream import MessageStream

#: What is kept of a child's output: its end, where a traceback would be.
_MAX_OUTPUT_BYTES: Final = 32 * 1024
_READ_BYTES: Final = 256 * 1024
#: How often one look reads a child's output, so that one that prints without end does not hold up the others.
_MAX_READS: Final = 16
#: How long a child that was told to dump its stack may take before it is killed.
_ABORT_GRACE_SECONDS: Final = 1.0
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


class ChildProcess:
    """A child that imports DAG files."""

    def __init__(
        self, request: ParseFiles, pid: int, channel: socket.socket, output: int, clock: Clock
    ) -> None:
        self.number = request.number
        self.pid = pid
        self.has_ended = False
        self._request = request
        self._channel: MessageStream[FromChild] = MessageStream(channel, FromChild)
        self._output = output
        self._output_is_open = True
        self._tail = b""
        self._clock = clock
        self._verdict = Verdict.NONE
        self._begin_file()

    @classmethod
    def fork(cls, request: ParseFiles, clock: Clock, forget_all: Callable[[], None]) -> ChildProcess:
        """Start a child; ``forget_all`` gives back, in the child, what belongs to the nursery."""
        own_end, child_end = socket.socketpair()
        output_read, output_write = os.pipe2(os.O_CLOEXEC)
        parent_pid = os.getpid()
        pid = os.fork()
        if pid == 0:
            forget_all()
            own_end.close()
            os.close(output_read)
            run_child(request, child_end, output_write, parent_pid)
        child_end.close()
        os.close(output_write)
        os.set_blocking(output_read, False)
        return cls(request, pid, own_end, output_read, clock)

    def interests(self) -> Iterator[tuple[int, int]]:
        """Yield the descriptors to poll, and for what."""
        if not self._channel.is_at_end:
            yield (
                self._channel.fileno(),
                select.POLLIN | (select.POLLOUT if self._channel.has_unsent else 0),
            )
        if self._output_is_open:
            yield self._output, select.POLLIN

    def tell(self, answer: Answer) -> None:
        """Send the answer to its request."""
        self._channel.send(answer)

    def check(self) -> list[FromNursery]:
        """Return what it said since the last look, and its end. Ends it when it takes too much."""
        self._channel.flush()
        self._read_output()
        ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        messages: list[FromNursery] = list(self._listen())
        if ended:
            messages.append(self._bury())
        else:
            self._enforce_limits()
        return messages

    def kill(self) -> None:
        """End it and its process group at once."""
        for send in (os.killpg, os.kill):  # one that was forked a moment ago does not lead its group yet
            try:
                send(self.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass

    def close(self) -> None:
        """Give back the descriptors."""
        self._channel.close()
        os.close(self._output)

    def _listen(self) -> Iterator[ChildSaid]:
        try:
            while said := self._channel.receive():
                for message in said:
                    if isinstance(message, Parsed):
                        self._begin_file()
                    yield ChildSaid(number=self.number, said=message)
        except FrameError:  # the file's own code wrote into a descriptor that is not its own
            self._channel.close()

    def _begin_file(self) -> None:
        if self._verdict is Verdict.NONE:
            self._deadline = self._clock.monotonic() + self._request.timeout_seconds
        self._tail = b""

    def _read_output(self) -> None:
        for _ in range(_MAX_READS):
            if not self._output_is_open:
                return
            try:
                data = os.read(self._output, _READ_BYTES)
            except BlockingIOError:
                return
            self._output_is_open = bool(data)
            self._tail = (self._tail + data)[-_MAX_OUTPUT_BYTES:]

    def _enforce_limits(self) -> None:
        now = self._clock.monotonic()
        if self._verdict is not Verdict.NONE:
            if now >= self._deadline:
                self.kill()
            return
        limit = self._request.memory_limit_bytes
        if now >= self._deadline:
            self._condemn(Verdict.TIMEOUT, now)
        elif limit is not None and _resident_bytes(self.pid) > limit:
            self._condemn(Verdict.MEMORY, now)

    def _condemn(self, verdict: Verdict, now: float) -> None:
        """Let it write down where it was, then end it."""
        self._verdict = verdict
        self._deadline = now + _ABORT_GRACE_SECONDS
        os.kill(self.pid, signal.SIGABRT)

    def _bury(self) -> ChildEnded:
        """Reap it, after ending its process group while the group's number cannot be given again."""
        self.kill()
        _, status, usage = os.wait4(self.pid, 0)
        self._read_output()
        self.close()
        self.has_ended = True
        return ChildEnded(
            number=self.number,
            status=status,
            verdict=self._verdict,
            output=self._tail.decode(errors="replace"),
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            peak_memory_bytes=usage.ru_maxrss * 1024,
        )


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0  # it has just ended, or this is not Linux: the limit of its address space has to do

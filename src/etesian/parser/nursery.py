"""The nursery: a clean process that forks one child per DAG file, and ends children that take too much.

It is a fresh interpreter that has imported what DAG files need: it holds no database driver, no setting and
no thread, and is small, which is what makes forking cheap. Run as
``python -m etesian.parser.nursery <socket> <parent> <places> <modules...>``.
"""

from __future__ import annotations

import gc
import importlib
import logging
import os
import select
import signal
import socket
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from etesian.foundation.clock import SystemClock
from etesian.foundation.process import adopt_orphans, die_with_parent, set_process_name
from etesian.parser.child_process import ChildProcess
from etesian.parser.messages import ParseFiles, TellChild, ToNursery
from etesian.parser.warm_up import warm_up
from etesian.protocol.stream import MessageStream
from etesian.telemetry.process_logs import configure_process_log

logger = logging.getLogger(__name__)

#: How often running children are measured.
_WATCH_SECONDS: Final = 0.05


class Nursery:
    """Forks, watches and ends children, and passes on what they say."""

    def __init__(self, control: socket.socket, places: int) -> None:
        """``places`` is how many children there may be at a time; further files wait."""
        self._places = places
        self._waiting: deque[ParseFiles] = deque()
        self._control: MessageStream[ToNursery] = MessageStream(control, ToNursery)
        self._children: dict[int, ChildProcess] = {}
        self._clock = SystemClock()
        self._wake_read, self._wake_write = socket.socketpair()
        for end in (self._wake_read, self._wake_write):
            end.setblocking(False)

    def serve(self) -> None:
        """Work until the parser closes its end, then end all children."""
        signal.set_wakeup_fd(self._wake_write.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        try:
            while not self._control.is_at_end:
                self._wait()
                for message in self._control.receive():
                    self._obey(message)
                for child in list(self._children.values()):
                    self._look_after(child)
                self._fork_waiting()
        finally:
            for child in self._children.values():
                child.kill()

    def _wait(self) -> None:
        poll = select.poll()
        poll.register(self._control, select.POLLIN | (select.POLLOUT if self._control.has_unsent else 0))
        poll.register(self._wake_read, select.POLLIN)
        for child in self._children.values():
            for descriptor, events in child.interests():
                poll.register(descriptor, events)
        poll.poll(_WATCH_SECONDS * 1000 if self._children else None)
        self._control.flush()
        try:
            while self._wake_read.recv(512):
                pass
        except BlockingIOError:
            pass

    def _obey(self, message: ToNursery) -> None:
        match message:
            case ParseFiles():
                self._waiting.append(message)
            case TellChild():
                if asking := self._children.get(message.number):
                    asking.tell(message.answer)

    def _fork_waiting(self) -> None:
        while self._waiting and len(self._children) < self._places:
            request = self._waiting.popleft()
            self._children[request.number] = ChildProcess.fork(request, self._clock, self._forget_all)

    def _look_after(self, child: ChildProcess) -> None:
        for message in child.check():
            self._control.send(message)
        if child.has_ended:
            del self._children[child.number]
            self._end_orphans()

    def _end_orphans(self) -> None:
        """End what children left behind in sessions of its own: it became ours when they ended."""
        own = {child.pid for child in self._children.values()}
        for pid in _child_pids():
            if pid not in own:
                try:
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                except (ProcessLookupError, ChildProcessError):
                    pass

    def _forget_all(self) -> None:
        """Give back, in a new child, what belongs to the nursery and to other children."""
        signal.set_wakeup_fd(-1)
        self._control.close()
        self._wake_read.close()
        self._wake_write.close()
        for child in self._children.values():
            child.close()


def preload(names: Sequence[str]) -> None:
    """Import modules ahead of time; for ``module:function`` call that too. What is not there is left out."""
    for name in names:
        module_name, _, function_name = name.partition(":")
        try:
            module = importlib.import_module(module_name)
            if function_name:
                getattr(module, function_name)()
        except ModuleNotFoundError as error:
            if not module_name.startswith(error.name or module_name):
                logger.warning("cannot preload %s: %s", name, error)
        except Exception:
            logger.warning(
                "cannot preload %s; DAG files that need it import it themselves", name, exc_info=True
            )


def _child_pids() -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except OSError:
        return []  # not Linux, or a kernel without it: process groups have to do


def main() -> None:
    """Serve the parser whose socket is inherited."""
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    die_with_parent(int(sys.argv[2]))
    configure_process_log("parser")
    set_process_name("etesian nursery")
    adopt_orphans()
    preload(sys.argv[4:])
    warm_up()
    gc.collect()
    gc.freeze()
    Nursery(control, places=int(sys.argv[3])).serve()


if __name__ == "__main__":
    main()

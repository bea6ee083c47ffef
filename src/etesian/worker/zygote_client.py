"""The supervisor's side of the zygote: start it, ask it for DAG hosts, learn how they ended."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import msgspec

from etesian.worker.event_loop import EventLoop
from etesian.worker.messages import DagFile, HostEnded, KillHost, ProcessSettings, StartHost
from etesian.worker.packets import PacketSocket, PeerGoneError, packet_pair

logger = logging.getLogger(__name__)

#: How long the zygote may take to end after its socket was closed.
_END_SECONDS: Final = 5.0

#: Called with a host's number and its status as from ``waitpid``; None if nobody could wait for it.
OnHostEnded = Callable[[int, int | None], None]


class ZygoteClient:
    """Keeps one zygote. If it dies, the next request for a DAG host starts another; DAG hosts outlive it."""

    def __init__(self, loop: EventLoop, settings: ProcessSettings, on_host_ended: OnHostEnded) -> None:
        self._loop = loop
        self._settings = settings
        self._on_host_ended = on_host_ended
        self._process: subprocess.Popen[bytes] | None = None
        self._control: PacketSocket[HostEnded] | None = None
        self._hosts: set[int] = set()  #: children of the present zygote that have not ended

    @property
    def pid(self) -> int | None:
        """The zygote's pid; None while there is none."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the interpreter; what it imports it imports while the supervisor goes on."""
        ours, theirs = packet_pair()
        ours.setblocking(False)
        settings = msgspec.json.encode(self._settings).decode()
        # -P: a module in the working directory must not shadow the library; -u: nothing waits in buffers at a
        # fork.
        command = [
            sys.executable,
            "-P",
            "-u",
            "-m",
            "etesian.worker.zygote",
            str(theirs.fileno()),
            settings,
        ]
        with theirs:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(),), start_new_session=True
            )
        self._control = PacketSocket(ours, HostEnded)
        self._loop.watch(ours.fileno(), self._receive)

    def start_host(self, number: int, dag_file: DagFile, descriptors: Sequence[int]) -> None:
        """Ask for a DAG host. That it cannot be started is told like the end of one that was."""
        message = StartHost(number=number, dag_file=dag_file)
        if self._control is None:
            self.start()
        if not self._send(message, descriptors):  # it has just died
            if self._control is None:
                self.start()
            if not self._send(message, descriptors):
                self._loop.call_later(0, partial(self._on_host_ended, number, None))
                return
        self._hosts.add(number)

    def kill_host(self, number: int) -> None:
        """End a DAG host that hangs."""
        if number in self._hosts:
            self._send(KillHost(number=number))

    def close(self) -> None:
        """End the zygote and wait for it, within a bound."""
        process = self._process
        self._forget()
        if process is None:
            return
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _send(self, message: StartHost | KillHost, descriptors: Sequence[int] = ()) -> bool:
        """Return whether there is a zygote that will take the message."""
        if self._control is None:
            return False
        try:
            self._control.send(message, descriptors)
        except PeerGoneError:
            self._lose_zygote()
            return False
        self._loop.flush(self._control)
        return True

    def _receive(self) -> None:
        assert self._control is not None  # watched only while there is one
        try:
            while (received := self._control.receive()) is not None:
                ended = received[0]
                self._hosts.discard(ended.number)
                self._on_host_ended(ended.number, ended.status)
        except PeerGoneError:
            self._lose_zygote()

    def _lose_zygote(self) -> None:
        process, hosts = self._process, self._hosts
        self._forget()
        self._hosts = set()
        if process is not None:
            process.kill()
            logger.error("the zygote ended (exit code %d); the next DAG host starts another", process.wait())
        for number in hosts:
            self._on_host_ended(number, None)

    def _forget(self) -> None:
        if self._control is not None:
            self._loop.forget(self._control.fileno())
            self._control.close()
        self._process = self._control = None


def close_all(descriptors: Sequence[int]) -> None:
    """Close descriptors of which the other process has its own copies now."""
    for descriptor in descriptors:
        os.close(descriptor)

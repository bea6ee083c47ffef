"""The local executor's worker that hangs, or never comes back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from etesian.executors.local import LocalExecutor
from etesian.protocol import PROTOCOL_VERSION
from etesian.protocol.channels import Hello
from etesian.protocol.reports import Alive, Running
from tests.conformance.executors.local_peer import LocalPeer
from tests.conformance.executors.peer import attempts

PATIENCE_SECONDS = 60.0
NOTHING = Running(hostname="", is_only_worker=True)


class SlowClock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


class Host:
    """An executor, the process that is its worker, and what that says."""

    def __init__(self, home: Path) -> None:
        self.clock = SlowClock()
        self.peer = LocalPeer(home)
        self.executor = LocalExecutor(home, self.clock, patience_seconds=PATIENCE_SECONDS)  # type: ignore[arg-type]  # now() is not asked
        self.worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])

    def greet(self) -> None:
        hello = Hello(protocol_version=PROTOCOL_VERSION, hostname="host", pid=self.worker.pid)
        self.peer.appear(hello, Running(hostname="host", claimed=("a",)))
        self.executor.start()
        while not self.executor.is_connected:
            self.peer.heard()
            self.pass_seconds(1)

    def pass_seconds(self, seconds: int) -> list[object]:
        """Let time go by as the scheduler lets it, a second at a time; return what the executor received."""
        received: list[object] = []
        for _ in range(seconds):
            self.clock.seconds += 1.0
            received += self.executor.receive()
        return received


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    (tmp_path / "run").mkdir(exist_ok=True)
    found = Host(tmp_path)
    yield found
    found.executor.close()
    found.peer.close()
    found.worker.kill()
    found.worker.wait()


def test_a_worker_that_hangs_is_ended(host: Host) -> None:
    host.greet()
    host.pass_seconds(55)
    assert host.worker.poll() is None
    host.pass_seconds(10)
    assert host.worker.wait(10) == -9
    assert not host.executor.is_connected


def test_a_worker_that_says_that_it_lives_is_left_alone(host: Host) -> None:
    host.greet()
    for _ in range(10):
        host.peer.say(Alive())
        assert host.pass_seconds(30) == [], "that it lives is nothing for the scheduler"
    assert host.worker.poll() is None
    assert host.executor.is_connected


def test_what_a_worker_ran_is_given_up_once_if_none_comes_back(host: Host) -> None:
    host.greet()
    host.peer.vanish()
    host.pass_seconds(1)
    host.executor.submit(attempts(["kept"]))
    assert NOTHING not in host.pass_seconds(30)
    received = host.pass_seconds(300)
    assert received == [Running(hostname="", unclaimed=("kept",), is_only_worker=True)]


def test_without_any_worker_from_the_start_what_the_last_one_ran_is_given_up_too(host: Host) -> None:
    host.executor.start()
    assert host.pass_seconds(59) == []
    assert host.pass_seconds(10) == [NOTHING]


def test_a_worker_that_comes_back_in_time_is_asked(host: Host) -> None:
    host.greet()
    host.peer.vanish()
    host.pass_seconds(50)
    host.greet()
    assert NOTHING not in host.pass_seconds(50)


def test_a_machine_that_stood_still_blames_nobody(host: Host) -> None:
    host.greet()
    host.clock.seconds += 86_400.0
    host.pass_seconds(5)
    assert host.worker.poll() is None
    assert host.executor.is_connected


def test_a_worker_of_another_container_is_not_killed(host: Host) -> None:
    hello = Hello(protocol_version=PROTOCOL_VERSION, hostname="host", pid=2**22 - 1)
    host.peer.appear(hello, Running(hostname="host"))
    host.executor.start()
    host.peer.heard()
    host.pass_seconds(2)
    assert host.executor.is_connected
    host.pass_seconds(70)
    assert not host.executor.is_connected

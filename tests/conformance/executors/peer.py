"""What the conformance suite needs of an executor's other side: a worker that says exactly what it is told
to.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from etesian.executors.base import Executor
from etesian.protocol.channels import FromWorker, ToWorker
from etesian.protocol.workloads import RunContext, RunTask

PATIENCE_SECONDS = 10.0


class Peer(Protocol):
    """One kind of executor, and the worker that it reaches."""

    def create_executor(self) -> Executor:
        """Return an executor that has not been started."""
        ...

    def appear(self, *greeting: msgspec.Struct) -> None:
        """Let the worker be there from now on; it greets whoever connects."""
        ...

    def vanish(self) -> None:
        """Let the worker die."""
        ...

    def say(self, *messages: FromWorker) -> None:
        """Send messages to the scheduler."""
        ...

    def heard(self) -> list[ToWorker]:
        """Return what has arrived since the last call, without waiting."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class Stage:
    """An executor under test with its peer, and the patience to see messages arrive."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.executor = peer.create_executor()
        self.received: list[FromWorker] = []
        self.heard: list[ToWorker] = []

    def turn(self, seconds: float = 0.02) -> None:
        """Do what a scheduler does between two sleeps."""
        select.select(self.executor.filenos(), [], [], seconds)
        self.received += self.executor.receive()
        self.heard += self.peer.heard()

    def turn_until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, (
                f"waited in vain for {what}; executor got {self.received[-5:]}, worker got {self.heard[-5:]}"
            )
            self.turn()

    def turn_until_received(self, *messages: FromWorker) -> None:
        self.turn_until(lambda: all(message in self.received for message in messages), f"{messages}")

    def turn_until_heard(self, *messages: ToWorker) -> None:
        self.turn_until(lambda: all(message in self.heard for message in messages), f"{messages}")

    def connect(self) -> None:
        self.executor.start()
        self.turn_until(lambda: self.executor.is_connected, "a connection")


def attempt(attempt_id: str) -> RunTask:
    run = RunContext(
        dag_id="dag", run_id="run", run_type="manual", run_after=datetime(2030, 1, 1, tzinfo=UTC)
    )
    return RunTask(attempt_id=attempt_id, run=run, task_id="work", file="dag.py")


def attempts(ids: Sequence[str]) -> list[RunTask]:
    return [attempt(attempt_id) for attempt_id in ids]

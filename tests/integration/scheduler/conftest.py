"""A real scheduler shell on a real store, in a thread, with an executor that the test plays itself."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from etesian.executors.base import ToAttempts
from etesian.foundation.clock import SystemClock, utc_now
from etesian.foundation.stop import StopSignal
from etesian.lifecycle.records import RunKey, TaskKey
from etesian.lifecycle.state import RunState, TaskState
from etesian.protocol.channels import FromWorker
from etesian.protocol.commands import Command
from etesian.protocol.frames import encode_frame
from etesian.protocol.reports import Claim, Finished, Succeeded
from etesian.protocol.workloads import RunTask, Workload
from etesian.scheduler.core.settings import CoreSettings
from etesian.scheduler.shell.parts import Parts
from etesian.scheduler.shell.scheduler import run_scheduler
from etesian.scheduler.shell.settings import ShellSettings
from etesian.spec.dag import DagSpec
from etesian.store import Store, open_store
from etesian.store.bus import open_bus
from etesian.store.errors import LeadershipLostError
from etesian.store.queries import inbox
from etesian.store.queries.dags import save_spec
from etesian.store.queries.runs import load_run
from etesian.store.queries.task_instances import load_task_instance
from etesian.store.run_requests import RunRequest, request_run
from etesian.store.schema import migrate

Value = TypeVar("Value")


def eventually(ask: Callable[[], Value | None], seconds: float = 10.0) -> Value:
    """Return the first answer that is not None or False, or fail when none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.005)


class PlayedExecutor:
    """An executor whose workers are the test."""

    is_connected = True

    def __init__(self) -> None:
        self.submitted: list[Workload] = []
        self.stopped: list[str] = []
        self.sent: list[ToAttempts] = []
        self._arrived: list[FromWorker] = []
        self._bell, self._ringer = socket.socketpair()
        self._bell.setblocking(False)

    def start(self) -> None:
        """Nothing to connect to."""

    def submit(self, workloads: Sequence[Workload]) -> None:
        """Keep what was handed over."""
        self.submitted += workloads

    def stop(self, attempt_ids: Sequence[str], reason: str) -> None:
        """Keep what was to be stopped."""
        self.stopped += attempt_ids

    def send(self, messages: Sequence[ToAttempts]) -> None:
        """Keep the answers, if they fit into frames."""
        for message in messages:
            encode_frame(message)
        self.sent += messages

    def receive(self) -> list[FromWorker]:
        """Give what the test said."""
        try:
            self._bell.recv(4096)
        except BlockingIOError:
            pass
        arrived, self._arrived = self._arrived, []
        return arrived

    def filenos(self) -> Sequence[int]:
        """Readable when the test said something."""
        return (self._bell.fileno(),)

    def close(self) -> None:
        """Give the sockets back."""
        self._bell.close()
        self._ringer.close()

    @property
    def has_unheard(self) -> bool:
        """Whether something that the test said has not been received."""
        return bool(self._arrived)

    def say(self, message: FromWorker) -> None:
        """Tell the scheduler something, as a worker would."""
        self._arrived.append(message)
        self._ringer.send(b"x")

    def workload_of(self, task_id: str) -> RunTask:
        """Return the newest attempt of a task, waiting for it."""
        return eventually(
            lambda: next(
                (w for w in reversed(self.submitted) if isinstance(w, RunTask) and w.task_id == task_id), None
            )
        )

    def claim(self, attempt_id: str) -> None:
        """Claim an attempt."""
        self.say(Claim(attempt_id=attempt_id, hostname="here", pid=1))

    def succeed(self, attempt_id: str) -> None:
        """Report success of an attempt."""
        self.say(
            Finished(attempt_id=attempt_id, outcome=Succeeded(), started_at=utc_now(), ended_at=utc_now())
        )


@dataclass
class Stage:
    """A store and the schedulers that the test starts on it."""

    home: Path
    store: Store
    threads: list[tuple[threading.Thread, StopSignal]] = field(default_factory=list)
    losses: list[LeadershipLostError] = field(default_factory=list)

    def start_scheduler(self, executor: PlayedExecutor, holder: str = "one") -> StopSignal:
        """Run one scheduler in a thread, with a store of its own as a process would have."""
        stop = StopSignal()
        store = open_store("", home=self.home)
        settings = ShellSettings(
            home=self.home,
            holder=holder,
            core=CoreSettings(ids_seed=holder.encode()),
            lease=timedelta(seconds=2),
            renew_interval=timedelta(seconds=0.2),
            inbox_interval=timedelta(seconds=0.2),
        )
        bus = open_bus(store)
        parts = Parts(
            settings=settings,
            store=store,
            bus=bus,
            executors={"local": executor},
            clock=SystemClock(),
            stop=stop,
        )

        def run() -> None:
            try:
                run_scheduler(parts)
            except LeadershipLostError as error:  # handed to the test that expects it
                self.losses.append(error)
            finally:
                bus.close()
                store.dispose()

        thread = threading.Thread(target=run, name=holder)
        thread.start()
        self.threads.append((thread, stop))
        return stop

    def save_dag(self, spec: DagSpec, *, is_paused: bool = False) -> None:
        """Store a DAG."""
        with self.store.write() as connection:
            save_spec(
                connection,
                spec,
                bundle="dags",
                code_hash="code",
                source="",
                now=utc_now(),
                is_paused_at_creation=is_paused,
            )

    def trigger(self, dag_id: str, run_id: str) -> None:
        """Ask for a run, as the API does."""
        with self.store.write() as connection:
            request_run(connection, RunRequest(dag_id=dag_id, run_id=run_id), now=utc_now())
        self.ring()

    def send(self, *commands: Command) -> None:
        """Put commands into the inbox."""
        with self.store.write() as connection:
            inbox.append(connection, *commands, now=utc_now())
        self.ring()

    def ring(self) -> None:
        """Say that the inbox has something."""
        bus = open_bus(self.store)
        bus.ring("inbox")
        bus.close()

    def inbox_is_empty(self) -> bool:
        """Whether all that was asked for is stored."""
        with self.store.read() as connection:
            return not inbox.has_rows_up_to(connection, inbox.newest_id(connection))

    def run_state(self, dag_id: str, run_id: str) -> RunState:
        """Return a run's state as it is stored."""
        with self.store.read() as connection:
            return load_run(connection, RunKey(dag_id, run_id)).state

    def task_state(self, dag_id: str, run_id: str, task_id: str) -> TaskState:
        """Return a task instance's state as it is stored."""
        with self.store.read() as connection:
            return load_task_instance(connection, TaskKey(dag_id, run_id, task_id)).state

    def close(self) -> None:
        """Stop all schedulers; each must end in time."""
        for _, stop in self.threads:
            stop.set()
        for thread, stop in self.threads:
            thread.join(10)
            assert not thread.is_alive(), f"scheduler {thread.name} did not stop"
            stop.close()
        self.store.dispose()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """An empty store."""
    store = open_store("", home=tmp_path)
    migrate(store)
    made = Stage(tmp_path, store)
    try:
        yield made
    finally:
        made.close()

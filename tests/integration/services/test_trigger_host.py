"""The triggerer as two processes: one with the store, one with the authors' triggers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread

import psutil
import pytest

from etesian.cli.services.triggerer import AwaiterProcess
from etesian.foundation.clock import SystemClock, utc_now
from etesian.foundation.stop import StopSignal
from etesian.protocol.requests import Answer, FoundValue, GetVariable, Request
from etesian.sdk.xcoms.xcom import deserialize, serialize
from etesian.triggerer.host import TriggerHost
from etesian.triggerer.messages import AwaiterSettings
from etesian.triggerer.source import TriggerRow
from tests.integration.triggerer.memory_source import MemorySource, wait_until

TRIGGERS = '''
import os, signal, sys
from etesian import Variable
from etesian.sdk.trigger import BaseTrigger, TriggerEvent


class Tell(BaseTrigger):
    """Says what it finds in its process."""

    def serialize(self):
        return "authors_triggers.Tell", {}

    async def run(self):
        secrets = [name for name in os.environ if name.startswith("ETESIAN__DATABASE")]
        yield TriggerEvent([os.getpid(), secrets, "etesian.store" in sys.modules, Variable.get("color")])


class Die(BaseTrigger):
    """Takes its process along, the first time."""

    def __init__(self, mark):
        self.mark = mark

    def serialize(self):
        return "authors_triggers.Die", {"mark": self.mark}

    async def run(self):
        if not os.path.exists(self.mark):
            open(self.mark, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        yield TriggerEvent("survived")
'''


class Started:
    """Starts processes as the service does, and keeps them to be looked at."""

    def __init__(self, folder: Path) -> None:
        self._settings = AwaiterSettings(capacity=100, path=(str(folder),))
        self.processes: list[AwaiterProcess] = []

    def __call__(self) -> AwaiterProcess:
        self.processes.append(AwaiterProcess(self._settings))
        return self.processes[-1]


def answer(request: Request) -> Answer:
    """Be the platform: every variable is green."""
    assert isinstance(request, GetVariable)
    return FoundValue(id=request.id, value="green")


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Started:
    (tmp_path / "authors_triggers.py").write_text(TRIGGERS)
    monkeypatch.setenv("ETESIAN__DATABASE__URL", "postgresql://canary:hunter2@nowhere/x")
    return Started(tmp_path)


@pytest.fixture
def source() -> Iterator[MemorySource]:
    made = MemorySource()
    yield made
    made.close()


@contextmanager
def hosting(source: MemorySource, started: Started, idle_seconds: float = 60.0) -> Iterator[None]:
    """Run a host in a thread."""
    stop = StopSignal()
    host = TriggerHost(
        source, answer, started, SystemClock(), idle_seconds=idle_seconds, refresh_seconds=0.05
    )
    thread = Thread(target=host.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive(), "the host did not stop"
        stop.close()
        assert not [each for each in started.processes if psutil.pid_exists(each.pid)]


def add(source: MemorySource, trigger_id: str, trigger_class: str, **kwargs: object) -> None:
    source.add_row(
        TriggerRow(
            trigger_id=trigger_id,
            trigger_class=trigger_class,
            trigger_kwargs=serialize(kwargs),
            label="d.t@r",
        )
    )


def test_authors_triggers_run_beside_no_store_and_no_password_but_may_ask_the_platform(
    started: Started, source: MemorySource
) -> None:
    add(source, "t", "authors_triggers.Tell")

    with hosting(source, started):
        wait_until(lambda: source.results, 20)

    (result,) = source.results
    assert result.event is not None
    pid, secrets, has_store, color = deserialize(result.event)
    assert pid == started.processes[0].pid != os.getpid()
    assert (secrets, has_store, color) == ([], False, "green")


def test_without_triggers_there_is_no_process_and_one_that_has_none_left_ends(
    started: Started, source: MemorySource
) -> None:

    with hosting(source, started, idle_seconds=0.1):
        assert started.processes == []
        add(source, "t", "authors_triggers.Tell")
        wait_until(lambda: source.results, 20)
        wait_until(lambda: not psutil.pid_exists(started.processes[0].pid), 20)

    assert len(started.processes) == 1


def test_a_trigger_that_kills_its_process_loses_no_other(
    started: Started, source: MemorySource, tmp_path: Path
) -> None:
    later = utc_now() + timedelta(seconds=1)
    add(
        source,
        "later",
        "etesian.triggers.temporal.DateTimeTrigger",
        moment=later,
        end_from_trigger=False,
    )
    add(source, "die", "authors_triggers.Die", mark=str(tmp_path / "died"))

    with hosting(source, started):
        wait_until(lambda: len(source.results) == 2, 30)

    assert sorted(result.trigger_id for result in source.results) == ["die", "later"]
    assert len(started.processes) == 2


def test_what_a_trigger_came_to_is_stored_though_the_store_failed_at_first(
    started: Started, source: MemorySource
) -> None:
    source.failures = 2
    add(source, "t", "authors_triggers.Tell")

    with hosting(source, started):
        wait_until(lambda: source.results, 20)

"""The supervisor with real processes: it restarts what dies and stops all in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

PROGRAM = """
    import os, signal, sys
    from pathlib import Path
    from etesian.cli.services.supervisor import Service, Supervisor, fork_service
    from etesian.foundation.clock import SystemClock

    folder = Path(sys.argv[1])

    def note(name, what):
        with open(folder / "notes", "a") as notes:
            print(what, name, os.getpid(), file=notes)

    def service(name, ignores_stop=False):
        def run():
            def stop(_number, _frame):
                note(name, "stopped")
                raise SystemExit(0)
            signal.signal(signal.SIGTERM, signal.SIG_IGN if ignores_stop else stop)
            note(name, "started")
            while True:
                signal.pause()
        return Service(name=name, start=fork_service(name, run), stop_timeout_seconds=0.3)

    services = [service("first"), service("second"), service("stubborn", ignores_stop=True)]
    Supervisor(services, SystemClock()).run()
    note("supervisor", "ended")
"""


class Supervised:
    """One supervisor in a process of its own, and what its services wrote."""

    def __init__(self, folder: Path) -> None:
        self._notes = folder / "notes"
        self.process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(PROGRAM), str(folder)])

    def notes(self, what: str) -> list[tuple[str, int]]:
        """Names and pids of the services that noted ``what``."""
        lines = self._notes.read_text().splitlines() if self._notes.exists() else []
        found = [line.split() for line in lines]
        return [(name, int(pid)) for verb, name, pid in found if verb == what]


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Return when the condition holds, fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    """Three running services, one of which ignores SIGTERM."""
    running = Supervised(tmp_path)
    try:
        wait_for(lambda: len(running.notes("started")) == 3)
        yield running
    finally:
        running.process.kill()
        running.process.wait()
        for _, pid in running.notes("started"):  # the stubborn one outlives a killed supervisor
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_a_service_that_is_killed_is_started_again(supervised: Supervised) -> None:
    pid = dict(supervised.notes("started"))["first"]

    os.kill(pid, signal.SIGKILL)

    wait_for(lambda: len(supervised.notes("started")) == 4)
    assert supervised.notes("started")[-1][0] == "first"


def test_stopping_goes_from_last_to_first_and_kills_what_does_not_stop(
    supervised: Supervised,
) -> None:
    supervised.process.terminate()

    assert supervised.process.wait(10) == 0
    assert [name for name, _ in supervised.notes("stopped")] == ["second", "first"]
    assert all(not psutil.pid_exists(pid) for _, pid in supervised.notes("started"))
    assert supervised.notes("ended")


def test_services_end_with_a_supervisor_that_is_killed(supervised: Supervised) -> None:
    supervised.process.kill()
    supervised.process.wait()

    wait_for(lambda: len(supervised.notes("stopped")) == 2)

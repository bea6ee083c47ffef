"""A worker in a process of its own, and a scheduler that grants what it is asked for."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from etesian.executors.local import LocalExecutor
from etesian.protocol.channels import Ask, FromWorker, Reply
from etesian.protocol.reports import Acknowledged, AttemptUsage, Claim, ClaimAnswer, Finished, Running
from etesian.protocol.requests import Answer, Request
from etesian.protocol.workloads import RunContext, RunTask

REPOSITORY = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 30.0
_numbers = count(1)

START = """
import sys
from pathlib import Path
import msgspec
from etesian.worker.main import run_worker
from etesian.worker.settings import WorkerSettings
run_worker(msgspec.convert(msgspec.json.decode(sys.argv[1]), WorkerSettings, dec_hook=lambda type, value: type(value)))
"""


class WorkerUnderTest:
    """One home, and the worker process that serves it now."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.home = home
        self.dags = home / "dags"
        self.logs = home / "logs"
        self.dags.mkdir(parents=True, exist_ok=True)
        self._settings = {
            "home": str(home),
            "dags_folder": str(self.dags),
            "logs_dir": str(self.logs),
            "runner": "tests.integration.worker.script_runner:ScriptRunner",
            "preload": (),
            "stop_grace_seconds": 2.0,
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def write_dag(self, text: str, name: str = "script.py") -> None:
        (self.dags / name).write_text(text, encoding="utf-8")

    def start(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        settings = msgspec.json.encode(self._settings).decode()
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, settings], env=environment, start_new_session=True
        )

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(PATIENCE_SECONDS)

    def processes(self) -> dict[int, str]:
        """Return pids and names of all processes that belong to this home, zombies not counted."""
        return dict(_processes_of(str(self.home)))


def _processes_of(home: str) -> Iterable[tuple[int, str]]:
    """A process belongs to a home if its command line or the descriptors of its ancestors' settings name it."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            command = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
            name = (entry / "comm").read_text().strip()
        except OSError:
            continue
        if home in command:
            yield int(entry.name), name


@dataclass
class SchedulerUnderTest:
    """Grants every first claim, acknowledges every report, answers every question; remembers everything."""

    home: Path
    granted: set[str] = field(default_factory=set)
    finished: dict[str, Finished] = field(default_factory=dict)
    usage: dict[str, AttemptUsage] = field(default_factory=dict)
    messages: list[FromWorker] = field(default_factory=list)
    answer: Callable[[Request], Answer] | None = None
    acknowledges: bool = True
    grants: bool = True

    def __post_init__(self) -> None:
        self.executor = LocalExecutor(self.home)
        self.executor.start()

    def submit(self, *workloads: RunTask) -> None:
        self.executor.submit(workloads)

    def turn(self, seconds: float = 0.05) -> None:
        select.select(self.executor.filenos(), [], [], seconds)
        for message in self.executor.receive():
            self.messages.append(message)
            self._handle(message)

    def wait_for(
        self, condition: Callable[[], bool], what: str = "the condition", seconds: float = PATIENCE_SECONDS
    ) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"waited {seconds} s for {what}; got {self.messages[-20:]}"
            self.turn()

    def run(self, *workloads: RunTask) -> list[Finished]:
        self.submit(*workloads)
        self.wait_for(lambda: all(w.attempt_id in self.finished for w in workloads), "all reports")
        return [self.finished[w.attempt_id] for w in workloads]

    def close(self) -> None:
        self.executor.close()

    def _handle(self, message: FromWorker) -> None:
        match message:
            case Claim(attempt_id=attempt_id) if self.grants:
                self.granted.add(attempt_id)
                self.executor.send([ClaimAnswer(attempt_id=attempt_id, granted=True)])
            case Finished(attempt_id=attempt_id):
                self.finished.setdefault(attempt_id, message)
                if self.acknowledges:
                    self.executor.send([Acknowledged(attempt_ids=(attempt_id,))])
            case AttemptUsage(attempt_id=attempt_id):
                self.usage[attempt_id] = message
            case Ask(attempt_id=attempt_id, number=number, request=request) if self.answer is not None:
                self.executor.send([Reply(attempt_id=attempt_id, number=number, answer=self.answer(request))])
            case Running():
                pass


def workload(task_id: str, **changes: Any) -> RunTask:
    run = RunContext(
        dag_id="dag", run_id="run", run_type="manual", run_after=datetime(2030, 1, 1, tzinfo=UTC)
    )
    fields: dict[str, Any] = {
        "attempt_id": f"attempt-{next(_numbers)}",
        "run": run,
        "task_id": task_id,
        "file": "script.py",
    }
    return RunTask(**(fields | changes))


def is_alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill_hard(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)

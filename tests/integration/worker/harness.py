"""A worker in processes of its own, and a scheduler that grants what it is asked for."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from etesian.executors.local import LocalExecutor
from etesian.protocol.channels import Ask, FromWorker, Reply
from etesian.protocol.reports import Acknowledged, AttemptUsage, Claim, ClaimAnswer, Finished
from etesian.protocol.requests import Answer, Request
from etesian.protocol.workloads import RunContext, RunTask, Workload
from etesian.telemetry.task_logs import LogLine, iterate_log
from etesian.worker.workload_log import workload_log_path

REPOSITORY = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 30.0
_numbers = count(1)

START = """
import sys
from pathlib import Path
import msgspec
from etesian.worker.main import run_worker
from etesian.worker.settings import WorkerSettings
settings = msgspec.json.decode(sys.argv[1])
run_worker(msgspec.convert(settings, WorkerSettings, dec_hook=lambda wanted, value: wanted(value)))
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
        command = [sys.executable, "-c", START, settings]
        self.process = subprocess.Popen(command, env=environment, start_new_session=True)

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

    def processes(self, name: str = "") -> dict[int, str]:
        """Return pids and names of the living processes of this home: the worker's, and programs that name
        it.
        """
        return {pid: found for pid, found in _processes_of(str(self.home)) if found.startswith(name)}

    def log_of(self, task: Workload) -> list[LogLine]:
        return list(iterate_log(workload_log_path(self.logs, task)))

    def messages_of(self, task: Workload) -> list[str]:
        return [line.m for line in self.log_of(task)]


def _processes_of(home: str) -> Iterator[tuple[int, str]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                command = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
                name = (entry / "comm").read_text().strip()
            except OSError:
                continue
            if home in command and is_alive(int(entry.name)):
                yield int(entry.name), name


@dataclass
class SchedulerUnderTest:
    """Grants every claim, acknowledges every report, answers every question; remembers everything."""

    home: Path
    claims: list[str] = field(default_factory=list)
    finished: dict[str, Finished] = field(default_factory=dict)
    usage: dict[str, AttemptUsage] = field(default_factory=dict)
    messages: list[FromWorker] = field(default_factory=list)
    answer: Callable[[Request], Answer] | None = None
    acknowledges: bool = True
    grants: Callable[[str], bool | None] = lambda _attempt_id: True  #: None: do not answer the claim

    def __post_init__(self) -> None:
        self.executor = LocalExecutor(self.home)
        self.executor.start()

    def submit(self, *workloads: Workload) -> None:
        self.executor.submit(workloads)

    def turn(self, seconds: float = 0.05) -> None:
        select.select(self.executor.filenos(), [], [], seconds)
        for message in self.executor.receive():
            self.messages.append(message)
            self._handle(message)

    def turn_for(self, seconds: float) -> None:
        """Go on for a while, to see that something does not happen."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.turn()

    def wait_for(self, condition: Callable[[], bool], what: str = "a condition") -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, (
                f"waited in vain for {what}; last messages: {self.messages[-20:]}"
            )
            self.turn()

    def wait_for_report(self, *workloads: Workload) -> list[Finished]:
        ids = [workload.attempt_id for workload in workloads]
        self.wait_for(lambda: self.finished.keys() >= set(ids), f"reports of {ids}")
        return [self.finished[attempt_id] for attempt_id in ids]

    def run(self, *workloads: Workload) -> list[Finished]:
        self.submit(*workloads)
        return self.wait_for_report(*workloads)

    def run_one(self, workload: Workload) -> Finished:
        return self.run(workload)[0]

    def reconnect(self) -> None:
        self.executor.close()
        self.executor = LocalExecutor(self.home)
        self.executor.start()

    def close(self) -> None:
        self.executor.close()

    def _handle(self, message: FromWorker) -> None:
        match message:
            case Claim(attempt_id=attempt_id):
                self.claims.append(attempt_id)
                granted = self.grants(attempt_id)
                if granted is not None:
                    self.executor.send([ClaimAnswer(attempt_id=attempt_id, granted=granted)])
            case Finished(attempt_id=attempt_id):
                self.finished.setdefault(attempt_id, message)
                if self.acknowledges:
                    self.executor.send([Acknowledged(attempt_ids=(attempt_id,))])
            case AttemptUsage(attempt_id=attempt_id):
                self.usage[attempt_id] = message
            case Ask(attempt_id=attempt_id, number=number, request=request) if self.answer is not None:
                answer = self.answer(request)
                self.executor.send([Reply(attempt_id=attempt_id, number=number, answer=answer)])
            case _:
                pass


def run_context(**changes: Any) -> RunContext:
    fields: dict[str, Any] = {
        "dag_id": "dag",
        "run_id": "run",
        "run_type": "manual",
        "run_after": datetime(2030, 1, 1, tzinfo=UTC),
    }
    return RunContext(**(fields | changes))


def task(task_id: str, **changes: Any) -> RunTask:
    number = next(_numbers)
    fields: dict[str, Any] = {
        "attempt_id": f"attempt-{number}",
        "run": run_context(),
        "task_id": task_id,
        "try_number": number,
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


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)

"""The worker alone, against a stand-in for the scheduler that decides nothing and stores nothing.

Shows what is left for the scheduler of the budgets of a whole task.
"""

from __future__ import annotations

import os
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figure import Figure, run_alone
from etesian.executors.local import LocalExecutor
from etesian.protocol.channels import FromWorker
from etesian.protocol.reports import Acknowledged, Claim, ClaimAnswer, Finished, Succeeded
from etesian.protocol.workloads import RunContext, RunTask

CHAIN = 300
FAN_OUT = 1000
AT_ONCE = 16
DAG_FILE = """
from etesian import DAG, task

with DAG("bench", schedule=None):
    @task
    def no_op():
        return None

    no_op()
"""
START = """
import sys
from pathlib import Path
from etesian.worker.main import run_worker
from etesian.worker.settings import WorkerSettings
home = Path(sys.argv[1])
run_worker(WorkerSettings(home=home, dags_folder=home / "dags", logs_dir=home / "logs"))
"""


class Stand:
    """A worker process and the stand-in scheduler that talks to it."""

    def __init__(self, home: Path) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", START, str(home)], start_new_session=True)
        self._executor = LocalExecutor(home)
        self._executor.start()
        self._count = 0
        self.finished: list[tuple[float, Finished]] = []  #: when received, and what

    def submit(self) -> None:
        run = RunContext(dag_id="bench", run_id="run", run_type="manual", run_after=datetime.now(UTC))
        self._count += 1
        task = RunTask(
            attempt_id=f"attempt-{self._count}",
            run=run,
            task_id="no_op",
            file="bench.py",
            try_number=self._count,
        )
        self._executor.submit([task])

    def wait_until(self, is_done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not is_done():
            assert time.monotonic() < deadline, "the worker did not finish its tasks within 60 s"
            select.select(self._executor.filenos(), [], [], 0.05)
            for message in self._executor.receive():
                self._handle(message)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._executor.close()

    def cpu_seconds(self) -> float:
        """Return what the worker and all processes it has waited for, or that run, have used."""
        return sum(_cpu_seconds(pid) for pid in _family(self._process.pid))

    def _handle(self, message: FromWorker) -> None:
        match message:
            case Claim(attempt_id=attempt_id):
                self._executor.send([ClaimAnswer(attempt_id=attempt_id, granted=True)])
            case Finished(attempt_id=attempt_id):
                assert isinstance(message.outcome, Succeeded), message
                self.finished.append((time.time(), message))
                self._executor.send([Acknowledged(attempt_ids=(attempt_id,))])


def measure() -> list[Figure]:
    """Return latencies of single tasks, the rate of many at once, and the CPU time that a task costs."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "dags").mkdir()
        (home / "dags" / "bench.py").write_text(DAG_FILE)
        stand = Stand(home)
        try:
            return [*_measure_chain(stand), *_measure_fan_out(stand)]
        finally:
            stand.close()


def _measure_chain(stand: Stand) -> list[Figure]:
    until_started, until_received, gaps = [], [], []
    previous_end: float | None = None
    for number in range(CHAIN + 20):
        submitted = time.time()
        stand.submit()
        stand.wait_until(lambda wanted=number + 1: len(stand.finished) >= wanted)  # type: ignore[misc]
        received, report = stand.finished[-1]
        assert report.started_at is not None
        assert report.ended_at is not None
        started, ended = report.started_at.timestamp(), report.ended_at.timestamp()
        if previous_end is not None and number >= 20:
            until_started.append((started - submitted) * 1000)
            until_received.append((received - ended) * 1000)
            gaps.append((started - previous_end) * 1000)
        previous_end = ended
    return [
        Figure(what="worker: order to attempt's start", value=statistics.median(until_started), unit="ms"),
        Figure(what="worker: attempt's end to report", value=statistics.median(until_received), unit="ms"),
        Figure(what="worker: end to next start, median", value=statistics.median(gaps), unit="ms", budget=3),
        Figure(
            what="worker: end to next start, p99",
            value=statistics.quantiles(gaps, n=100)[98],
            unit="ms",
            budget=15,
        ),
    ]


def _measure_fan_out(stand: Stand) -> list[Figure]:
    already = len(stand.finished)
    cpu_before, began = stand.cpu_seconds(), time.monotonic()
    submitted = 0
    while submitted < FAN_OUT:
        running = submitted - (len(stand.finished) - already)
        for _ in range(min(AT_ONCE - running, FAN_OUT - submitted)):
            stand.submit()
            submitted += 1
        count = len(stand.finished)
        stand.wait_until(lambda seen=count: len(stand.finished) > seen)  # type: ignore[misc]
    stand.wait_until(lambda: len(stand.finished) - already >= FAN_OUT)
    seconds = time.monotonic() - began
    cpu = stand.cpu_seconds() - cpu_before
    return [
        Figure(what="worker: no-op tasks", value=FAN_OUT / seconds, unit="/s", budget=300, is_floor=True),
        Figure(
            what="worker: CPU per task, all its processes", value=cpu / FAN_OUT * 1000, unit="ms", budget=6
        ),
    ]


def _family(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    run_alone("worker", measure)

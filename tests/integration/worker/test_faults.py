"""Killing any process of a worker at any moment: nothing runs twice within an attempt, nothing is lost,
nothing is left.

The moments are random; the seed is printed, and ``ETESIAN_TEST_SEED`` sets it.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import time
from pathlib import Path

import pytest

from etesian.protocol.reports import Failed, Finished, Running, Succeeded
from etesian.protocol.workloads import RunTask
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.harness import (
    SchedulerUnderTest,
    WorkerUnderTest,
    is_alive,
    kill_hard,
    task,
    wait_until,
)

DAG = """
import os, subprocess, time
MARKS = {marks!r}
def mark(text):
    with open(MARKS, "a") as file: file.write(text + "\\n")
def work(workload):
    mark(workload.attempt_id)
    time.sleep(0.05)
def long(workload):
    child = subprocess.Popen(["sleep", "600"])
    mark("%s %d %d" % (workload.attempt_id, os.getpid(), child.pid))
    time.sleep(600)
"""


@pytest.fixture
def seeded() -> random.Random:
    seed = int(os.environ.get("ETESIAN_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
    print(f"ETESIAN_TEST_SEED={seed}")
    return random.Random(seed)


def dag(folder: Path) -> str:
    return DAG.format(marks=str(folder / "marks"))


def read_marks(folder: Path) -> list[str]:
    path = folder / "marks"
    return path.read_text().splitlines() if path.exists() else []


def start_long(
    worker: WorkerUnderTest, scheduler: SchedulerUnderTest, folder: Path, count: int = 1
) -> tuple[list[RunTask], list[int]]:
    """Start tasks that run until they are killed; return them, and the pids of them and their children."""
    tasks = [task("long") for _ in range(count)]
    scheduler.submit(*tasks)
    scheduler.wait_for(lambda: len(read_marks(folder)) == count, "the start of all tasks")
    return tasks, [int(pid) for line in read_marks(folder) for pid in line.split()[1:]]


def test_killing_the_worker_ends_everything_it_started(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    worker = start_worker(dag(tmp_path))
    _, pids = start_long(worker, scheduler, tmp_path, count=3)
    before = worker.processes()
    worker.kill()
    wait_until(lambda: not any(map(is_alive, [*before, *pids])), "the end of all processes")
    worker.start()


def test_a_worker_that_starts_again_says_that_it_holds_nothing(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    worker = start_worker(dag(tmp_path))
    start_long(worker, scheduler, tmp_path)
    worker.kill()
    worker.start()
    scheduler.wait_for(lambda: _count(scheduler, Running) == 2, "the second greeting")
    assert scheduler.messages[-1] == Running(hostname=os.uname().nodename, is_only_worker=True)
    assert isinstance(scheduler.run_one(task("work")).outcome, Succeeded)


def test_killing_a_dag_host_ends_its_attempts_and_reports_them(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    worker = start_worker(dag(tmp_path))
    tasks, pids = start_long(worker, scheduler, tmp_path, count=3)
    (host,) = worker.processes("dag host")
    kill_hard(host)
    for report in scheduler.wait_for_report(*tasks):
        assert isinstance(report.outcome, Failed)
        assert report.outcome.cause == "killed"
        assert report.outcome.reason == (
            "the process that hosts its DAG file ended, and the task with it: killed by SIGKILL"
        )
    wait_until(lambda: not any(map(is_alive, pids)), "the end of tasks and children")
    assert isinstance(scheduler.run_one(task("work")).outcome, Succeeded), (
        "a new host serves the next attempt"
    )


def test_killing_an_attempt_ends_its_children_and_reports_it(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    worker = start_worker(dag(tmp_path))
    tasks, pids = start_long(worker, scheduler, tmp_path)
    kill_hard(pids[0])
    outcome = scheduler.wait_for_report(*tasks)[0].outcome
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("killed by SIGKILL")
    wait_until(lambda: not any(map(is_alive, pids)), "the end of the child")


def test_killing_the_zygote_leaves_tasks_alone_and_another_one_is_started(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    worker = start_worker(dag(tmp_path))
    worker.write_dag(dag(tmp_path), "other.py")
    tasks, pids = start_long(worker, scheduler, tmp_path)
    (zygote,) = worker.processes("etesian zygote")
    kill_hard(zygote)
    wait_until(lambda: not is_alive(zygote), "the end of the zygote")
    assert isinstance(scheduler.run_one(task("work", file="other.py")).outcome, Succeeded)
    scheduler.turn_for(0.3)
    assert tasks[0].attempt_id not in scheduler.finished
    assert all(map(is_alive, pids))
    (host, *_) = worker.processes("dag host script")
    kill_hard(host)
    outcome = scheduler.wait_for_report(*tasks)[0].outcome
    assert isinstance(outcome, Failed)
    assert outcome.cause == "killed"


def test_a_zygote_that_dies_unnoticed_is_replaced_by_the_next_order(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    worker = start_worker(dag(tmp_path))
    worker.write_dag(dag(tmp_path), "other.py")
    assert isinstance(scheduler.run_one(task("work")).outcome, Succeeded)
    (zygote,) = worker.processes("etesian zygote")
    os.kill(worker.pid, signal.SIGSTOP)
    work = task("work", file="other.py")
    scheduler.submit(work)  # lies in front of the worker before the news of the zygote's death does
    kill_hard(zygote)
    wait_until(lambda: not is_alive(zygote), "the end of the zygote")
    os.kill(worker.pid, signal.SIGCONT)
    assert isinstance(scheduler.run_one(work).outcome, Succeeded)


def test_a_host_that_hangs_when_it_forks_is_ended_and_its_attempts_told(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    hang = "import os, time\nos.register_at_fork(before=lambda: time.sleep(1000))\n"
    worker = start_worker(dag(tmp_path) + hang, import_timeout_seconds=1.0)
    outcome = scheduler.run_one(task("work")).outcome
    assert isinstance(outcome, Failed)
    assert outcome.cause == "not_started"
    assert outcome.reason == (
        "the process that hosts the DAG file 'script.py' ended: it started no process within 2 s, and was killed"
    )
    wait_until(lambda: not worker.processes("dag host"), "the end of the host")


def test_killing_worker_and_host_together_ends_the_attempts(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    worker = start_worker(dag(tmp_path))
    _, pids = start_long(worker, scheduler, tmp_path)
    (host,) = worker.processes("dag host")
    kill_hard(host)
    worker.kill()
    wait_until(lambda: not is_alive(pids[0]), "the end of the attempt")
    if is_alive(pids[1]):
        kill_hard(pids[1])  # nobody was left to end a program that the task had started
    worker.start()


def test_a_worker_that_has_no_descriptors_left_says_so_and_goes_on(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    worker = start_worker(dag(tmp_path))
    assert isinstance(scheduler.run_one(task("work")).outcome, Succeeded)
    in_use = len(list(Path(f"/proc/{worker.pid}/fd").iterdir()))
    resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (in_use + 10, in_use + 10))
    for number in range(8):
        worker.write_dag(dag(tmp_path), f"file_{number}.py")
    reports = scheduler.run(*(task("work", file=f"file_{number}.py") for number in range(8)))
    failures = [report.outcome for report in reports if isinstance(report.outcome, Failed)]
    assert failures
    assert {failure.cause for failure in failures} == {"not_started"}
    assert all("Too many open files" in failure.reason for failure in failures)
    assert isinstance(scheduler.run_one(task("work")).outcome, Succeeded)


def test_any_process_may_die_at_any_moment(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path, seeded: random.Random
) -> None:
    """Twelve rounds of tasks and one kill each; what the scheduler knows must agree with what ran."""
    worker = start_worker(dag(tmp_path))
    all_tasks: list[RunTask] = []
    lost: set[str] = set()
    for _ in range(12):
        tasks = [task("work") for _ in range(6)]
        all_tasks += tasks
        scheduler.submit(*tasks)
        scheduler.turn_for(seeded.uniform(0, 0.12))
        lost |= _strike(worker, scheduler, seeded)
        pending = [one for one in tasks if one.attempt_id not in lost]
        _settle(scheduler, pending, lost)
    starts = read_marks(tmp_path)
    assert len(starts) == len(set(starts)), "user code of an attempt ran twice"
    started = set(starts)
    for one in all_tasks:
        report = scheduler.finished.get(one.attempt_id)
        assert (report is None) == (one.attempt_id in lost), one.attempt_id
        if report is not None and isinstance(report.outcome, Succeeded):
            assert one.attempt_id in started
    conflicts = [
        attempt_id
        for attempt_id, report in scheduler.finished.items()
        if any(other.outcome != report.outcome for other in _reports(scheduler, attempt_id))
    ]
    assert not conflicts, "an attempt was reported with two outcomes"


def _strike(worker: WorkerUnderTest, scheduler: SchedulerUnderTest, seeded: random.Random) -> set[str]:
    """Kill one process, or the connection; return the attempts that a scheduler has to count as lost."""
    victim = seeded.choice(["worker", "dag host", "etesian attempt", "etesian zygote", "scheduler", "nobody"])
    print(victim)
    if victim == "worker":
        worker.kill()
        worker.start()
        greetings = _count(scheduler, Running)
        scheduler.wait_for(lambda: _count(scheduler, Running) > greetings, "the new worker")
        running = [message for message in scheduler.messages if isinstance(message, Running)][-1]
        held = {*running.claimed, *running.unclaimed}
        return set(scheduler.claims) - held - scheduler.finished.keys()
    if victim == "scheduler":
        scheduler.reconnect()
    else:
        pids = list(worker.processes(victim))
        if pids:
            try:
                kill_hard(seeded.choice(pids))
            except ProcessLookupError:
                pass
    return set()


def _settle(scheduler: SchedulerUnderTest, pending: list[RunTask], lost: set[str]) -> None:
    """Wait for the reports of a round; deliver again what the connection swallowed, as the scheduler does."""
    deadline = time.monotonic() + 30
    again = time.monotonic() + 1
    while any(one.attempt_id not in scheduler.finished.keys() | lost for one in pending):
        scheduler.turn()
        if time.monotonic() > again:
            claimed = set(scheduler.claims)
            scheduler.submit(*(one for one in pending if one.attempt_id not in claimed))
            again = time.monotonic() + 1
        missing = [one.attempt_id for one in pending if one.attempt_id not in scheduler.finished]
        assert time.monotonic() < deadline, f"never heard of {missing} again; {scheduler.messages[-20:]}"


def _count(scheduler: SchedulerUnderTest, kind: type) -> int:
    return sum(isinstance(message, kind) for message in scheduler.messages)


def _reports(scheduler: SchedulerUnderTest, attempt_id: str) -> list[Finished]:
    return [m for m in scheduler.messages if isinstance(m, Finished) and m.attempt_id == attempt_id]

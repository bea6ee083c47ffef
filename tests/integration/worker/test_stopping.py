"""Ending attempts: by order, because their time is up, or because the worker stops."""

from __future__ import annotations

import pytest

from etesian.protocol.reports import Failed, Outcome
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.harness import SchedulerUnderTest, WorkerUnderTest, task

HEAD = "import os, signal, subprocess, time\n"
SLEEPING = HEAD + "def work(workload): print('begun'); time.sleep(600)\n"
STUBBORN = (
    HEAD
    + """
def work(workload):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("begun")
    while True:
        try:
            time.sleep(600)
        except BaseException:
            print("ignored")
"""
)


def wait_for_line(worker: WorkerUnderTest, scheduler: SchedulerUnderTest, work: object, line: str) -> None:
    scheduler.wait_for(lambda: line in worker.messages_of(work), f"the line {line!r}")  # type: ignore[arg-type]


def failed(outcome: Outcome) -> Failed:
    assert isinstance(outcome, Failed)
    return outcome


def test_a_stopped_attempt_ends_with_the_reason_that_was_given(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker(SLEEPING)
    work = task("work")
    scheduler.submit(work)
    wait_for_line(worker, scheduler, work, "begun")
    scheduler.executor.stop([work.attempt_id], "cleared by a user")
    outcome = failed(scheduler.wait_for_report(work)[0].outcome)
    assert (outcome.cause, outcome.reason) == ("stopped", "cleared by a user")
    assert worker.messages_of(work)[-1] == "cleared by a user"


def test_a_task_may_clean_up_when_it_is_stopped(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker(
        HEAD
        + """
class Stopped(BaseException): pass
def on_term(*_): raise Stopped
def work(workload):
    signal.signal(signal.SIGTERM, on_term)
    print("begun")
    try: time.sleep(600)
    finally: print("cleaned up")
"""
    )
    work = task("work")
    scheduler.submit(work)
    wait_for_line(worker, scheduler, work, "begun")
    scheduler.executor.stop([work.attempt_id], "enough")
    outcome = failed(scheduler.wait_for_report(work)[0].outcome)
    assert (outcome.cause, outcome.reason) == ("stopped", "enough")
    assert "cleaned up" in worker.messages_of(work)


def test_a_task_that_ignores_sigterm_is_killed_after_the_grace_time(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker(STUBBORN, stop_grace_seconds=0.3)
    work = task("work")
    scheduler.submit(work)
    wait_for_line(worker, scheduler, work, "begun")
    scheduler.executor.stop([work.attempt_id], "enough")
    outcome = failed(scheduler.wait_for_report(work)[0].outcome)
    assert outcome.cause == "stopped"
    assert outcome.reason == "enough; it did not react to SIGTERM and was killed"


def test_stopping_reaches_the_programs_of_a_task(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker(HEAD + "def work(workload): print('begun'); subprocess.run(['sleep', '600'])")
    work = task("work")
    scheduler.submit(work)
    wait_for_line(worker, scheduler, work, "begun")
    scheduler.executor.stop([work.attempt_id], "enough")
    assert failed(scheduler.wait_for_report(work)[0].outcome).cause == "stopped"


def test_time_is_up_inside_the_task_first(start_worker: StartWorker, scheduler: SchedulerUnderTest) -> None:
    worker = start_worker(
        HEAD
        + """
def work(workload):
    try: time.sleep(600)
    finally: print("cleaned up")
""",
        stop_grace_seconds=600.0,  # so that SIGTERM cannot be what ends it
    )
    work = task("work", execution_timeout_seconds=0.3)
    outcome = failed(scheduler.run_one(work).outcome)
    assert (outcome.cause, outcome.reason) == ("timeout", "the execution_timeout of 0.3 s is over")
    assert "cleaned up" in worker.messages_of(work)


def test_a_task_that_takes_no_notice_of_the_time_is_killed(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker(STUBBORN, stop_grace_seconds=0.3)
    work = task("work", execution_timeout_seconds=0.3)
    outcome = failed(scheduler.run_one(work).outcome)
    assert outcome.cause == "timeout"
    assert outcome.reason.startswith("the execution_timeout of 0.3 s is over; it did not react")
    assert "ignored" in worker.messages_of(work)


def test_a_task_that_ends_in_time_is_not_touched(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker(HEAD + "def work(workload): time.sleep(0.1)")
    first, second = task("work", execution_timeout_seconds=0.4), task("work", execution_timeout_seconds=30)
    reports = scheduler.run(first, second)
    scheduler.turn_for(0.5)
    assert not any(isinstance(report.outcome, Failed) for report in reports)


@pytest.mark.parametrize("dag", [SLEEPING, STUBBORN])
def test_a_worker_that_is_stopped_ends_its_attempts_and_says_so(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, dag: str
) -> None:
    worker = start_worker(dag, stop_grace_seconds=0.5)
    work = task("work")
    scheduler.submit(work)
    wait_for_line(worker, scheduler, work, "begun")
    assert worker.process is not None
    worker.process.terminate()
    outcome = failed(scheduler.wait_for_report(work)[0].outcome)
    assert outcome.cause == "lost"
    assert "was stopped while the task ran" in outcome.reason
    assert worker.process.wait(10) == 0


def test_a_worker_may_wait_for_its_attempts_before_it_stops(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker(HEAD + "def work(workload): print('begun'); time.sleep(0.5)", drain_seconds=20)
    work = task("work")
    scheduler.submit(work)
    wait_for_line(worker, scheduler, work, "begun")
    assert worker.process is not None
    worker.process.terminate()
    assert not isinstance(scheduler.wait_for_report(work)[0].outcome, Failed)
    assert worker.process.wait(10) == 0


def test_a_second_worker_of_the_same_home_refuses_to_start(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker("def work(workload): pass")
    scheduler.run(task("work"))
    second = WorkerUnderTest(worker.home)
    second.start()
    assert second.process is not None
    assert second.process.wait(10) != 0
    assert not isinstance(scheduler.run_one(task("work")).outcome, Failed), "the first one is not disturbed"

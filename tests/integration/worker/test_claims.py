"""User code starts once per attempt, and only after the scheduler has granted the claim."""

from __future__ import annotations

from pathlib import Path

from etesian.protocol.reports import Acknowledged, ClaimAnswer, Failed, Finished, Running, Succeeded
from etesian.protocol.requests import FoundValue, GetVariable
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.harness import SchedulerUnderTest, run_context, task, wait_until

#: A task that leaves a mark for each time its user code starts.
MARKING = """
import os, time
def work(workload):
    with open({marks!r}, "a") as file: file.write(workload.attempt_id + "\\n")
"""


def marking(folder: Path) -> str:
    return MARKING.format(marks=str(folder / "marks"))


def marks(folder: Path) -> list[str]:
    path = folder / "marks"
    return path.read_text().split() if path.exists() else []


def test_a_refused_attempt_runs_nothing_and_reports_nothing(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    start_worker(marking(tmp_path))
    refused, granted = task("work"), task("work")
    scheduler.grants = lambda attempt_id: attempt_id == granted.attempt_id
    scheduler.submit(refused)
    scheduler.wait_for(lambda: refused.attempt_id in scheduler.claims, "the claim")
    scheduler.run(granted)
    scheduler.turn_for(0.3)
    assert marks(tmp_path) == [granted.attempt_id]
    assert scheduler.finished.keys() == {granted.attempt_id}


def test_user_code_waits_for_the_grant(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    start_worker(marking(tmp_path))
    scheduler.run(task("work"))
    scheduler.grants = lambda _attempt_id: None
    work = task("work")
    scheduler.submit(work)
    scheduler.wait_for(lambda: work.attempt_id in scheduler.claims, "the claim")
    scheduler.turn_for(0.3)
    assert work.attempt_id not in marks(tmp_path)
    scheduler.executor.send([ClaimAnswer(attempt_id=work.attempt_id, granted=True)])
    wait_until(lambda: work.attempt_id in marks(tmp_path), "the start")


def test_an_attempt_that_is_delivered_again_starts_once(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    start_worker(marking(tmp_path))
    scheduler.acknowledges = False
    work = task("work")
    scheduler.submit(work, work)
    scheduler.wait_for_report(work)
    scheduler.submit(work)
    scheduler.executor.send([ClaimAnswer(attempt_id=work.attempt_id, granted=True)])
    scheduler.turn_for(0.3)
    assert marks(tmp_path) == [work.attempt_id]


def test_a_claim_without_an_answer_is_repeated_to_the_next_scheduler(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    start_worker(marking(tmp_path))
    scheduler.run(task("work"))
    work = task("work")
    scheduler.grants = lambda _attempt_id: None
    scheduler.submit(work)
    scheduler.wait_for(lambda: work.attempt_id in scheduler.claims, "the first claim")
    scheduler.grants = lambda _attempt_id: True
    scheduler.reconnect()
    assert isinstance(scheduler.wait_for_report(work)[0].outcome, Succeeded)
    assert scheduler.claims.count(work.attempt_id) == 2
    (running,) = [message for message in scheduler.messages if isinstance(message, Running)][1:]
    assert running.unclaimed == (work.attempt_id,)
    assert marks(tmp_path).count(work.attempt_id) == 1


def test_a_running_task_goes_on_while_the_scheduler_is_away(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    start_worker(marking(tmp_path) + "    time.sleep(0.5); open(workload.run.conf['done'], 'w').close()\n")
    done = tmp_path / "done"
    work = task("work", run=run_context(conf={"done": str(done)}))
    scheduler.submit(work)
    scheduler.wait_for(lambda: bool(marks(tmp_path)), "the start")
    scheduler.close()
    wait_until(done.exists, "the end of the task")
    scheduler.reconnect()
    assert isinstance(scheduler.wait_for_report(work)[0].outcome, Succeeded)


def test_a_report_is_repeated_until_it_is_acknowledged(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    worker = start_worker(marking(tmp_path))
    scheduler.acknowledges = False
    work = task("work")
    report = scheduler.run_one(work)
    scheduler.wait_for(lambda: work.attempt_id in scheduler.usage, "the end of its process")
    scheduler.reconnect()
    scheduler.finished.clear()
    assert scheduler.wait_for_report(work) == [report]
    running = [message for message in scheduler.messages if isinstance(message, Running)][-1]
    assert running.claimed == (work.attempt_id,), "it must not be taken for lost before its report arrives"
    scheduler.executor.send([Acknowledged(attempt_ids=(work.attempt_id,))])
    (journal,) = worker.home.rglob("reports.journal")
    wait_until(lambda: not journal.stat().st_size, "the report to be forgotten")
    scheduler.reconnect()
    scheduler.run(task("work"))
    reports = [message for message in scheduler.messages if isinstance(message, Finished)]
    assert [report.attempt_id for report in reports].count(work.attempt_id) == 2


def test_a_report_outlives_the_worker(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    worker = start_worker(marking(tmp_path))
    scheduler.acknowledges = False
    work = task("work")
    report = scheduler.run_one(work)
    worker.kill()
    scheduler.finished.clear()
    worker.start()
    assert scheduler.wait_for_report(work) == [report]


def test_the_newest_scheduler_replaces_the_one_before(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    worker = start_worker(marking(tmp_path))
    scheduler.run(task("work"))
    newer = SchedulerUnderTest(worker.home)
    try:
        work = task("work")
        newer.run(work)
        assert work.attempt_id not in scheduler.claims
    finally:
        newer.close()


def test_a_question_without_an_answer_is_asked_again(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker(
        "from etesian.sdk.runtime import current_platform\n"
        "from etesian.protocol.requests import GetVariable\n"
        "def work(workload):\n"
        "    found = current_platform().ask(GetVariable(key='region'))\n"
        "    assert found.value == 'north', found"
    )
    work = task("work")
    scheduler.submit(work)
    asked = [GetVariable(id=1, key="region")]
    scheduler.wait_for(
        lambda: any(getattr(m, "request", None) in asked for m in scheduler.messages), "the question"
    )
    scheduler.answer = lambda _request: FoundValue(value="north")
    scheduler.reconnect()
    assert scheduler.wait_for_report(work)[0].outcome == Succeeded()


def test_an_unclaimed_attempt_can_be_stopped(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    start_worker(marking(tmp_path))
    scheduler.run(task("work"))
    work = task("work")
    scheduler.grants = lambda _attempt_id: None
    scheduler.submit(work)
    scheduler.executor.stop([work.attempt_id], "the run was deleted")
    outcome = scheduler.wait_for_report(work)[0].outcome
    assert outcome == Failed(reason="the run was deleted", cause="stopped")
    scheduler.executor.send([ClaimAnswer(attempt_id=work.attempt_id, granted=True)])
    scheduler.turn_for(0.2)
    assert work.attempt_id not in marks(tmp_path)

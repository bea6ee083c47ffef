from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from etesian.lifecycle.state import TaskState
from etesian.protocol.commands import ClearTasks, TaskSelection
from etesian.protocol.reports import Claim, Failed, Finished, Rescheduled, Succeeded, Usage
from etesian.scheduler.core.decisions import (
    Acknowledge,
    AnswerClaim,
    ClearXComs,
    SaveAttempt,
    StopAttempt,
    StoreReport,
)
from etesian.scheduler.core.events import AttemptsHeld, AttemptsLost
from tests.unit.scheduler.driver import START, Driver, dag, task


def started(*tasks: object, **settings: object) -> Driver:
    driver = Driver(dag(*tasks or (task("a"),)), **settings)  # type: ignore[arg-type]  # tasks as given
    driver.trigger()
    return driver


def held(driver: Driver, *attempt_ids: str, hostname: str = "host") -> None:
    driver.do(AttemptsHeld(executor="local", hostname=hostname, attempt_ids=frozenset(attempt_ids)))


def test_an_attempt_is_queued_before_it_is_dispatched_and_carries_all_a_worker_needs() -> None:
    driver = started(task("a", retries=2, queue="gpu", execution_timeout_seconds=9.0, operator="Bash"))
    record, workload = driver.record("a"), driver.workloads[0]
    assert (record.state, record.try_number, record.queued_at) == (TaskState.QUEUED, 1, START)
    assert workload.attempt_id == record.attempt_id
    assert (workload.file, workload.bundle, workload.code_hash) == ("d.py", "b", "c")
    assert (workload.try_number, workload.max_tries, workload.queue) == (1, 2, "gpu")
    assert (workload.execution_timeout_seconds, workload.operator) == (9.0, "Bash")
    assert (workload.run.run_id, workload.run.started_at) == ("r", START)


def test_the_first_claim_is_granted_and_another_one_refused() -> None:
    driver = started()
    attempt_id = driver.open_attempt("a")
    driver.claim("a", hostname="one", pid=1)
    assert driver.decided(AnswerClaim) == [
        AnswerClaim(attempt_id=attempt_id, granted=True, hostname="one", pid=1)
    ]
    driver.claim("a", hostname="two", pid=2)
    (answer,) = driver.decided(AnswerClaim)
    assert (answer.granted, answer.hostname, answer.pid) == (False, "two", 2)
    assert answer.reason == "the attempt was claimed by one, process 1"
    assert (driver.record("a").hostname, driver.record("a").pid) == ("one", 1)


def test_a_claimant_that_did_not_get_the_answer_may_ask_again() -> None:
    driver = started()
    driver.claim("a", hostname="one", pid=1)
    driver.claim("a", hostname="one", pid=1)
    assert driver.decided(AnswerClaim)[0].granted


def test_a_worker_that_still_runs_what_was_cleared_is_told_once_more_to_stop_it() -> None:
    driver = started()
    attempt_id = driver.open_attempt("a")
    driver.claim("a")
    driver.do(ClearTasks(selection=TaskSelection(dag_id="d", run_ids=("r",), task_ids=("a",))))
    assert driver.state("a") == "restarting"
    held(driver, attempt_id)  # a new connection: what was said on the one before may be lost
    assert [stop.attempt_id for stop in driver.decided(StopAttempt)] == [attempt_id]
    assert driver.state("a") == "restarting"


def test_the_only_worker_of_an_executor_answers_for_attempts_of_a_host_that_had_another_name() -> None:
    driver = started(task("a", retries=1))
    driver.claim("a", hostname="container-1")
    held(driver, hostname="container-2")
    assert driver.state("a") == "running", "it may be on another worker"
    only = AttemptsHeld(
        executor="local", hostname="container-2", attempt_ids=frozenset(), is_only_worker=True
    )
    driver.do(only)
    assert driver.state("a") == "up_for_retry"


def test_an_unknown_attempt_is_refused() -> None:
    driver = started()
    driver.do(Claim(attempt_id="unknown", hostname="host", pid=1))
    assert driver.decided(AnswerClaim)[0].reason == "the attempt is over"


def test_a_repeated_report_is_acknowledged_without_effect() -> None:
    driver = started()
    attempt_id = driver.open_attempt("a")
    driver.finish("a")
    assert [decision.report.attempt_id for decision in driver.decided(StoreReport)] == [attempt_id]
    driver.do(Finished(attempt_id=attempt_id, outcome=Failed(reason="late")))
    assert driver.decisions == [Acknowledge(attempt_id=attempt_id)]
    assert driver.state("a") == "success"


def test_the_history_of_a_try_is_kept() -> None:
    driver = started(task("a", retries=1))
    attempt_id = driver.open_attempt("a")
    driver.claim("a", hostname="one", pid=7)
    driver.now += timedelta(seconds=5)
    usage = Usage(exit_signal=9, peak_memory_bytes=100)
    outcome = Failed(reason="killed", cause="out_of_memory")
    driver.do(Finished(attempt_id=attempt_id, outcome=outcome, usage=usage))
    (saved,) = driver.decided(SaveAttempt)
    attempt = saved.attempt
    assert (attempt.attempt_id, attempt.try_number, attempt.state) == (attempt_id, 1, TaskState.FAILED)
    assert (attempt.hostname, attempt.pid, attempt.executor) == ("one", 7, "local")
    assert (attempt.started_at, attempt.ended_at) == (START, START + timedelta(seconds=5))
    assert (attempt.exit_signal, attempt.peak_memory_bytes, attempt.reason) == (9, 100, "killed")


def test_a_report_from_a_clock_that_is_ahead_does_not_end_a_task_in_the_future() -> None:
    driver = started()
    driver.claim("a")
    report = Finished(
        attempt_id=driver.open_attempt("a"), outcome=Succeeded(), ended_at=START + timedelta(days=1)
    )
    driver.do(report)
    assert driver.record("a").ended_at == START


def test_a_failed_task_is_tried_again_after_its_delay() -> None:
    driver = started(task("a", retries=1, retry_delay_seconds=30))
    first = driver.open_attempt("a")
    driver.fail("a")
    assert (driver.state("a"), driver.record("a").wake_at) == ("up_for_retry", START + timedelta(seconds=30))
    assert driver.why("a") == ["try 1 failed (boom); the next is due at 2030-01-01 00:00:30 UTC, 1 left"]
    driver.wait(seconds=29)
    assert driver.dispatched() == []
    driver.wait(seconds=1)
    assert driver.dispatched() == ["a"]
    assert driver.decided(ClearXComs) == [ClearXComs(key=driver.record("a").key)]
    assert (driver.record("a").try_number, driver.open_attempt("a") == first) == (2, False)
    driver.fail("a")
    assert driver.state("a") == "failed"


def test_the_delay_grows_with_each_try() -> None:
    driver = started(task("a", retries=3, retry_delay_seconds=10, retry_backoff_factor=2.0))
    waits = []
    for _ in range(3):
        driver.fail("a")
        wake_at = driver.record("a").wake_at
        assert wake_at is not None
        waits.append((wake_at - driver.now).total_seconds())
        driver.now = wake_at
        driver.do()
    assert waits == [10, 20, 40]


def test_a_failure_may_forbid_another_try_or_set_its_own_delay() -> None:
    driver = started(task("a", retries=5), task("b", retries=5))
    driver.fail("a", retry=False)
    driver.finish("b", Failed(reason="busy", retry_delay_seconds=3))
    assert driver.state("a") == "failed"
    assert driver.record("b").wake_at == START + timedelta(seconds=3)


def test_a_lost_attempt_counts_as_a_failed_try() -> None:
    driver = started(task("a", retries=1))
    driver.claim("a")
    lost = driver.open_attempt("a")
    driver.do(AttemptsLost(attempt_ids=frozenset({lost}), reason="host 'host' is gone"))
    assert (driver.state("a"), driver.record("a").reason) == ("up_for_retry", "host 'host' is gone")
    driver.do(Finished(attempt_id=lost, outcome=Succeeded()))
    assert driver.state("a") == "up_for_retry"


def test_an_attempt_that_was_lost_before_it_began_costs_no_try() -> None:
    driver = started()
    first = driver.open_attempt("a")
    driver.do(AttemptsLost(attempt_ids=frozenset({first}), reason="broker restarted"))
    assert driver.dispatched() == ["a"]
    assert (driver.record("a").try_number, driver.open_attempt("a") == first) == (1, False)
    driver.do(Claim(attempt_id=first, hostname="host", pid=1))
    assert not driver.decided(AnswerClaim)[0].granted


def test_a_try_that_can_never_be_started_fails_in_the_end() -> None:
    driver = started(max_dispatches=3)
    for _ in range(3):
        driver.do(AttemptsLost(attempt_ids=frozenset({driver.open_attempt("a")}), reason="no worker"))
    assert driver.state("a") == "failed"
    assert driver.record("a").reason == "not started after it was dispatched 3 times: no worker"


def test_an_attempt_that_nobody_claims_is_withdrawn_and_dispatched_anew() -> None:
    driver = started(queued_timeout=timedelta(seconds=60))
    first = driver.open_attempt("a")
    assert driver.core.next_wake() == START + timedelta(seconds=60)
    driver.wait(seconds=60)
    assert driver.dispatched() == ["a"]
    assert driver.open_attempt("a") != first
    assert driver.decided(StopAttempt) == [
        StopAttempt(executor="local", attempt_id=first, reason="not claimed in time")
    ]


def test_a_worker_that_connects_without_an_attempt_has_lost_it() -> None:
    driver = started(task("a", retries=1), task("b", retries=1))
    driver.claim("a", hostname="one")
    driver.claim("b", hostname="two")
    held(driver, hostname="one")
    assert driver.states() == {"a": "up_for_retry", "b": "running"}


def test_a_worker_that_connects_gets_what_it_does_not_have_once_more() -> None:
    driver = started(task("a"), task("b"))
    first, second = driver.open_attempt("a"), driver.open_attempt("b")
    held(driver, second)
    assert driver.dispatched() == ["a"]
    assert driver.workloads[-1].attempt_id == first


def test_a_worker_stops_what_it_should_not_have() -> None:
    driver = started()
    held(driver, driver.open_attempt("a"), "stale")
    assert driver.decided(StopAttempt) == [
        StopAttempt(executor="local", attempt_id="stale", reason="the attempt is over")
    ]


def test_other_executors_are_not_concerned() -> None:
    driver = started(task("a", executor="celery"))
    held(driver)
    assert driver.decisions == []


def test_the_core_ends_an_attempt_that_its_worker_should_have_ended_long_ago() -> None:
    driver = started(task("a", execution_timeout_seconds=10.0), execution_timeout_grace=timedelta(seconds=5))
    driver.claim("a")
    driver.wait(seconds=14)
    assert driver.state("a") == "running"
    driver.wait(seconds=1)
    assert (driver.state("a"), driver.record("a").reason) == ("failed", "ran longer than 10 seconds")
    assert len(driver.decided(StopAttempt)) == 1


def test_a_report_proves_a_claim_that_was_not_stored() -> None:
    driver = started()
    driver.do(Finished(attempt_id=driver.open_attempt("a"), outcome=Succeeded()))
    assert driver.state("a") == "success"


@pytest.mark.parametrize("outcome", [Failed(reason="import error", cause="not_started", retry=False)])
def test_an_attempt_may_fail_before_it_is_claimed(outcome: Failed) -> None:
    driver = started()
    driver.do(Finished(attempt_id=driver.open_attempt("a"), outcome=outcome))
    assert (driver.state("a"), driver.record("a").reason) == ("failed", "import error")


def test_waits_beyond_the_end_of_the_calendar_do_no_harm() -> None:
    spec = task("a", retries=9, retry_delay_seconds=1e300, execution_timeout_seconds=1e300)
    driver = Driver(dag(spec, task("b", is_sensor=True), dagrun_timeout_seconds=1e300))
    driver.trigger()
    driver.fail("a")
    driver.finish("b", Rescheduled(at=datetime.max))
    for name in "ab":
        wake_at = driver.record(name).wake_at
        assert wake_at is not None
        assert wake_at.year == 2130


def test_a_moment_without_a_zone_is_meant_as_utc() -> None:
    driver = started()
    driver.finish("a", Rescheduled(at=datetime(2030, 1, 1, 0, 0, 30)))
    assert driver.record("a").wake_at == START + timedelta(seconds=30)

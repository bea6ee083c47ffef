from __future__ import annotations

from datetime import timedelta

import pytest

from etesian.protocol.commands import DeleteRun
from etesian.protocol.reports import Claim, Failed, Finished, Skipped, Succeeded
from etesian.scheduler.core.decisions import AnswerClaim, ForgetCallback, SaveCallback
from etesian.scheduler.core.events import AttemptsHeld, AttemptsLost, CallbackDone, CallbacksLoaded
from etesian.spec.dag import DeadlineSpec
from tests.unit.scheduler.driver import START, Driver, dag, task

ALL = ("execute", "success", "failure", "retry", "skipped")


def run_one(outcome: object, **fields: object) -> Driver:
    driver = Driver(dag(task("a", **{"callbacks": ALL, **fields})))  # type: ignore[arg-type]  # fields as given
    driver.trigger()
    driver.finish("a", outcome)  # type: ignore[arg-type]  # an outcome
    return driver


@pytest.mark.parametrize(
    ("outcome", "retries", "kind"),
    [
        (Succeeded(), 0, "success"),
        (Failed(reason="boom"), 0, "failure"),
        (Failed(reason="boom"), 1, "retry"),
        (Skipped(), 0, "skipped"),
    ],
)
def test_what_a_try_came_to_is_told_by_a_callback(outcome: object, retries: int, kind: str) -> None:
    driver = run_one(outcome, retries=retries)
    (callback,) = driver.callbacks
    assert (callback.kind, callback.task_id, callback.try_number, callback.file) == (kind, "a", 1, "d.py")
    assert callback.state == driver.state("a")
    assert driver.decided(SaveCallback) == [SaveCallback(callback=callback)]


@pytest.mark.parametrize(("retries", "kind"), [(0, "failure"), (1, "retry")])
def test_a_callback_is_told_the_type_of_the_exception(retries: int, kind: str) -> None:
    driver = run_one(Failed(reason="NoHeader: boom", error_type="reading.NoHeader"), retries=retries)
    (callback,) = driver.callbacks
    assert (callback.kind, callback.error_type) == (kind, "reading.NoHeader")


def test_only_callbacks_that_the_author_set_are_sent() -> None:
    assert run_one(Succeeded(), callbacks=("failure", "execute")).callbacks == []


def test_only_a_task_that_skips_itself_tells_of_it() -> None:
    driver = Driver(dag(task("a", callbacks=("skipped",)), task("b", "a", callbacks=("skipped",))))
    driver.trigger()
    driver.finish("a", Skipped())
    assert driver.state("b") == "skipped"
    assert [(callback.kind, callback.task_id) for callback in driver.callbacks] == [("skipped", "a")]


def test_a_run_tells_how_it_ended() -> None:
    driver = Driver(dag(task("a"), callbacks=("success", "failure")))
    driver.trigger("good")
    driver.finish("a", run_id="good")
    driver.trigger("bad")
    driver.fail("a", "bad")
    told = [(callback.kind, callback.run.run_id, callback.task_id) for callback in driver.callbacks]
    assert told == [("success", "good", None), ("failure", "bad", None)]


def test_a_lost_worker_s_task_still_tells_of_its_failure() -> None:
    driver = Driver(dag(task("a", callbacks=("failure",))))
    driver.trigger()
    driver.claim("a")
    driver.do(AttemptsLost(attempt_ids=frozenset({driver.open_attempt("a")}), reason="the host is gone"))
    assert [(callback.kind, callback.reason) for callback in driver.callbacks] == [
        ("failure", "the host is gone")
    ]


def test_a_callback_is_claimed_once_and_forgotten_when_it_has_run() -> None:
    driver = run_one(Succeeded())
    (callback,) = driver.callbacks
    for pid, granted in ((1, True), (1, True), (2, False)):
        driver.do(Claim(attempt_id=callback.attempt_id, hostname="host", pid=pid))
        assert driver.decided(AnswerClaim)[0].granted is granted
    driver.do(Finished(attempt_id=callback.attempt_id, outcome=Failed(reason="callback raised")))
    assert driver.decided(ForgetCallback) == [ForgetCallback(callback_id=callback.callback_id)]


def test_a_callback_whose_process_is_lost_is_sent_again() -> None:
    driver = run_one(Succeeded())
    (first,) = driver.callbacks
    driver.do(Claim(attempt_id=first.attempt_id, hostname="host", pid=1))
    driver.do(AttemptsHeld(executor="local", hostname="host", attempt_ids=frozenset()))
    _, second = driver.callbacks
    assert (second.callback_id, second.attempt_id == first.attempt_id) == (first.callback_id, False)


def test_a_callback_that_was_not_claimed_is_sent_once_more_as_it_is() -> None:
    driver = run_one(Succeeded())
    driver.do(AttemptsHeld(executor="local", hostname="host", attempt_ids=frozenset()))
    first, second = driver.callbacks
    assert first == second


def test_a_callback_that_is_always_lost_is_given_up_in_the_end() -> None:
    driver = Driver(dag(task("a", callbacks=ALL)), max_callback_attempts=2)
    driver.trigger()
    driver.finish("a")
    for _ in range(2):
        driver.do(AttemptsLost(attempt_ids=frozenset({driver.callbacks[-1].attempt_id}), reason="gone"))
    assert len(driver.callbacks) == 2
    assert len(driver.decided(ForgetCallback)) == 1


def test_a_bounded_number_of_callbacks_runs_at_one_time() -> None:
    driver = Driver(dag(*(task(name, callbacks=ALL) for name in "abc")), callback_parallelism=2)
    driver.trigger()
    for name in "abc":
        driver.finish(name)
    assert len(driver.callbacks) == 2
    driver.do(CallbackDone(callback_id=driver.callbacks[0].callback_id))
    assert len(driver.callbacks) == 3


def test_callbacks_that_a_former_leader_left_are_sent() -> None:
    (callback,) = run_one(Succeeded()).callbacks
    driver = Driver()
    driver.do(CallbacksLoaded(callbacks=(callback,)))
    assert [again.callback_id for again in driver.callbacks] == [callback.callback_id]


def test_callbacks_of_a_deleted_run_are_dropped() -> None:
    driver = Driver(dag(task("a", callbacks=ALL), task("b", "a")))
    driver.trigger()
    driver.finish("a")
    driver.do(DeleteRun(dag_id="d", run_id="r"))
    driver.do(AttemptsHeld(executor="local", hostname="host", attempt_ids=frozenset()))
    assert len(driver.callbacks) == 1


@pytest.mark.parametrize(
    ("deadline", "due_at"),
    [
        (DeadlineSpec(reference="queued_at", interval_seconds=60), START + timedelta(seconds=60)),
        (DeadlineSpec(reference="logical_date", interval_seconds=3600), START),
        (
            DeadlineSpec(reference="fixed", interval_seconds=0, at=START + timedelta(days=1)),
            START + timedelta(days=1),
        ),
        (DeadlineSpec(reference="average_runtime", interval_seconds=5), START + timedelta(seconds=25)),
    ],
)
def test_a_missed_deadline_is_told_once(deadline: DeadlineSpec, due_at: object) -> None:
    driver = Driver()
    driver.learn(dag(task("a"), deadlines=(deadline,)), runtimes=(20.0,) * 10)
    driver.trigger(logical_date=START - timedelta(hours=1))
    driver.claim("a")
    if due_at != START:
        assert driver.core.next_wake() == due_at
        driver.now = due_at  # type: ignore[assignment]  # a moment
        driver.do()
    assert [(callback.kind, callback.reason) for callback in driver.callbacks] == [
        ("deadline", "deadline 0 was missed")
    ]
    driver.wait(days=2)
    assert len(driver.callbacks) == 1


def test_of_several_deadlines_the_missed_one_is_named() -> None:
    deadlines = tuple(DeadlineSpec(reference="queued_at", interval_seconds=60 * it) for it in (3, 1, 2))
    driver = Driver(dag(task("a"), deadlines=deadlines))
    driver.trigger()
    driver.claim("a")
    for _ in range(2):
        driver.wait(minutes=1)
    assert [callback.deadline for callback in driver.callbacks] == [1, 2]


def test_the_average_runtime_is_learned_from_runs_that_succeed() -> None:
    deadline = DeadlineSpec(reference="average_runtime", interval_seconds=5, max_runs=2, min_runs=1)
    driver = Driver(dag(task("a"), deadlines=(deadline,)))
    for number, seconds in enumerate((100, 40, 20)):
        driver.trigger(f"r{number}")
        driver.claim("a", f"r{number}")
        driver.wait(seconds=seconds)
        driver.finish("a", run_id=f"r{number}")
    told = len(driver.callbacks)

    driver.trigger("last")

    assert driver.core.next_wake() == driver.now + timedelta(seconds=35)
    driver.wait(seconds=35)
    assert len(driver.callbacks) == told + 1


def test_too_few_runs_make_no_average() -> None:
    deadline = DeadlineSpec(reference="average_runtime", interval_seconds=5)
    driver = Driver()
    driver.learn(dag(task("a"), deadlines=(deadline,)), runtimes=(20.0,) * 9)
    driver.trigger()
    driver.claim("a")
    assert driver.core.next_wake() is None


def test_a_run_that_is_done_in_time_misses_no_deadline() -> None:
    driver = Driver(dag(task("a"), deadlines=(DeadlineSpec(reference="queued_at", interval_seconds=60),)))
    driver.trigger()
    driver.finish("a")
    driver.wait(minutes=2)
    assert driver.callbacks == []


def test_a_task_s_sla_is_told_to_the_dag() -> None:
    driver = Driver(
        dag(
            task("a", deadlines_seconds=(60.0,)),
            task("b", deadlines_seconds=(60.0,)),
            callbacks=("sla_miss",),
        )
    )
    driver.trigger()
    driver.finish("a")
    driver.claim("b")
    driver.wait(minutes=1)
    assert [(callback.kind, callback.task_id) for callback in driver.callbacks] == [("sla_miss", "b")]

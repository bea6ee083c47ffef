from __future__ import annotations

from datetime import timedelta

from etesian.lifecycle.state import RunState
from etesian.protocol.commands import TriggerFired
from etesian.protocol.reports import Deferred, Finished, Rescheduled, Succeeded
from etesian.scheduler.core.decisions import AnswerClaim, Dispatch, SaveTaskInstance, StartTrigger
from etesian.scheduler.core.events import AttemptsHeld
from etesian.spec.task import LiteralInput, MapSpec
from tests.unit.scheduler.driver import START, Driver, dag, task


def test_a_new_leader_changes_nothing_by_coming() -> None:
    driver = Driver(dag(task("a"), task("b", "a"), task("c", retries=1)), parallelism=2)
    driver.trigger()
    driver.claim("a")
    driver.fail("c")
    other = driver.successor(parallelism=2)
    assert other.decided(Dispatch) == []
    assert other.decided(SaveTaskInstance) == []
    assert other.states() == driver.states()


def test_running_attempts_go_on_and_their_reports_count() -> None:
    driver = Driver(dag(task("a"), task("b", "a")))
    driver.trigger()
    driver.claim("a")
    other = driver.successor()
    other.do(Finished(attempt_id=driver.open_attempt("a"), outcome=Succeeded()))
    assert other.states() == {"a": "success", "b": "queued"}


def test_an_attempt_that_was_committed_but_not_dispatched_is_sent_when_its_worker_connects() -> None:
    driver = Driver(dag(task("a")))
    driver.trigger()
    other = driver.successor()
    assert other.dispatched() == []
    other.do(AttemptsHeld(executor="local", hostname="host", attempt_ids=frozenset()))
    assert other.dispatched() == ["a"]
    assert other.workloads[0].attempt_id == driver.open_attempt("a")
    other.claim("a")
    assert other.decided(AnswerClaim)[0].granted


def test_slots_are_counted_as_before() -> None:
    driver = Driver(dag(task("a", pool="p"), task("b", pool="p")), pools={"p": 1})
    driver.trigger()
    other = driver.successor(pools={"p": 1})
    assert other.dispatched() == []
    other.finish("a")
    assert other.dispatched() == ["b"]


def test_queued_runs_wait_for_the_running_ones_in_whatever_order_they_are_loaded() -> None:
    driver = Driver(dag(task("a"), max_active_runs=1))
    driver.trigger("1")
    driver.trigger("2")
    driver.runs = dict(reversed(driver.runs.items()))
    other = driver.successor()
    assert other.run_states() == {"1": "running", "2": "queued"}


def test_timers_ring_when_they_would_have() -> None:
    driver = Driver(
        dag(
            task("a", retries=1, retry_delay_seconds=60),
            task("b", is_sensor=True),
            dagrun_timeout_seconds=120.0,
        )
    )
    driver.trigger()
    driver.fail("a")
    driver.finish("b", Rescheduled(at=START + timedelta(seconds=30)))
    other = driver.successor()
    assert other.core.next_wake() == START + timedelta(seconds=30)
    other.wait(seconds=30)
    assert other.dispatched() == ["b"]
    other.wait(seconds=30)
    assert other.dispatched() == ["a"]
    other.wait(seconds=60)
    assert other.run().state is RunState.FAILED


def test_unclaimed_attempts_expire_in_their_order() -> None:
    driver = Driver(dag(task("a"), task("b", "a")), queued_timeout=timedelta(seconds=60))
    driver.trigger("late")
    driver.wait(seconds=10)
    driver.trigger("later")
    driver.tasks = dict(reversed(driver.tasks.items()))
    other = driver.successor(queued_timeout=timedelta(seconds=60))
    assert other.core.next_wake() == START + timedelta(seconds=60)


def test_triggers_are_remembered() -> None:
    driver = Driver(dag(task("a")))
    driver.trigger()
    driver.finish("a", Deferred(trigger_class="t", trigger_kwargs=b"{}", method="m"))
    (started,) = driver.decided(StartTrigger)
    other = driver.successor()
    other.do(TriggerFired(trigger_id=started.trigger_id, event=b"1"))
    assert other.dispatched() == ["a"]


def test_expanded_tasks_stay_expanded() -> None:
    driver = Driver(dag(task("a", mapped=MapSpec(inputs={"x": LiteralInput(length=2)})), task("b", "a")))
    driver.trigger()
    driver.finish("a[0]")
    other = driver.successor()
    other.finish("a[1]")
    assert other.states() == {"a[0]": "success", "a[1]": "success", "b": "queued"}
    assert other.record("b").try_number == 1


def test_a_run_whose_last_task_ended_with_the_old_leader_is_closed() -> None:
    driver = Driver(dag(task("a")))
    driver.trigger()
    running = driver.run()
    driver.finish("a")
    driver.runs[running.key] = running
    other = driver.successor()
    assert other.run().state is RunState.SUCCESS

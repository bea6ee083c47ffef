from __future__ import annotations

import pytest

from etesian.lifecycle.state import RunState
from etesian.protocol.commands import (
    ClearTasks,
    DeleteDag,
    DeleteRun,
    MarkRun,
    MarkTasks,
    SetNote,
    TaskSelection,
)
from etesian.protocol.reports import Finished, Succeeded
from etesian.scheduler.core.decisions import ForgetDag, ForgetRun, StopAttempt
from etesian.spec.trigger_rule import TriggerRule
from tests.unit.scheduler.driver import Driver, dag, task


def select(*task_ids: str, run_ids: tuple[str, ...] = ("r",), **fields: object) -> TaskSelection:
    return TaskSelection(dag_id="d", run_ids=run_ids, task_ids=task_ids, **fields)  # type: ignore[arg-type]  # as given


def finished(*, fails: str | None = None) -> Driver:
    """Return a chain of three whose run has ended."""
    driver = Driver(dag(task("a", retries=1), task("b", "a"), task("c", "b")))
    driver.trigger()
    for name in "abc":
        if name == fails:
            driver.fail(name, retry=False)
            break
        driver.finish(name)
    return driver


def clear(driver: Driver, *task_ids: str, newest_version: bool | None = None, **fields: object) -> None:
    missing = [driver.load(key) for key in driver.runs if not driver.core.has_run(key)]
    driver.do(*missing, ClearTasks(selection=select(*task_ids, **fields), newest_version=newest_version))


def test_a_cleared_task_of_a_finished_run_runs_again() -> None:
    driver = finished()
    clear(driver, "b")
    assert driver.states() == {"a": "success", "b": "queued", "c": "success"}
    assert (driver.run().state, driver.run().clear_number, driver.run().ended_at) == (
        RunState.RUNNING,
        1,
        None,
    )
    assert (driver.record("b").try_number, driver.record("b").max_tries) == (2, 1)
    driver.finish("b")
    assert driver.run().state is RunState.SUCCESS


def test_a_clear_gives_all_retries_back() -> None:
    driver = finished(fails="a")
    clear(driver, "a")
    assert (driver.record("a").try_number, driver.record("a").max_tries) == (2, 2)
    driver.fail("a")
    assert driver.state("a") == "up_for_retry"


def test_a_clear_may_reach_up_and_down() -> None:
    driver = finished()
    clear(driver, "b", upstream=True)
    assert driver.states() == {"a": "queued", "b": "none", "c": "success"}
    other = finished()
    clear(other, "b", downstream=True)
    assert other.states() == {"a": "success", "b": "queued", "c": "none"}


def test_a_clear_may_be_for_failed_tasks_only() -> None:
    driver = finished(fails="b")
    clear(driver, only_failed=True)
    assert driver.states() == {"a": "success", "b": "queued", "c": "none"}


def test_a_clear_of_nothing_changes_nothing() -> None:
    driver = finished()
    clear(driver, only_failed=True, newest_version=True)
    assert driver.decisions == []


def test_a_clear_may_reach_into_the_past_and_the_future() -> None:
    driver = Driver(dag(task("a"), max_active_runs=9))
    for number in range(1, 4):
        driver.wait(hours=1)
        driver.trigger(str(number), logical_date=driver.now)
        driver.finish("a", run_id=str(number))
    clear(driver, "a", run_ids=("2",), past=True)
    assert driver.run_states() == {"1": "running", "2": "running", "3": "success"}
    clear(driver, "a", run_ids=("2",), future=True)
    assert driver.run_states() == {"1": "running", "2": "running", "3": "running"}


def test_a_running_task_is_stopped_first_and_then_begins_anew() -> None:
    driver = Driver(dag(task("a"), task("b", "a")))
    driver.trigger()
    driver.claim("a")
    attempt_id = driver.open_attempt("a")
    clear(driver, "a")
    assert driver.state("a") == "restarting"
    assert driver.decided(StopAttempt) == [
        StopAttempt(executor="local", attempt_id=attempt_id, reason="cleared")
    ]
    driver.do(Finished(attempt_id=attempt_id, outcome=Succeeded()))
    assert driver.states() == {"a": "queued", "b": "none"}
    assert driver.open_attempt("a") != attempt_id


def test_a_queued_task_is_withdrawn() -> None:
    driver = Driver(dag(task("a")))
    driver.trigger()
    attempt_id = driver.open_attempt("a")
    clear(driver, "a")
    assert driver.state("a") == "queued"
    assert driver.open_attempt("a") != attempt_id
    assert len(driver.decided(StopAttempt)) == 1


def test_what_stands_in_line_below_a_cleared_task_waits_for_it_again() -> None:
    driver = Driver(dag(task("a"), task("b", "a", pool="p")), pools={"p": 0})
    driver.trigger()
    driver.finish("a")
    assert driver.state("b") == "scheduled"
    clear(driver, "a")
    assert driver.states() == {"a": "queued", "b": "none"}
    assert driver.record("b").try_number == 0


def test_a_clear_takes_the_setups_and_teardowns_of_a_task_along() -> None:
    teardown = task("down", "up", "b", is_teardown=True, trigger_rule=TriggerRule.ALL_DONE_SETUP_SUCCESS)
    driver = Driver(dag(task("up", is_setup=True), task("a", "up"), task("b", "a"), teardown))
    driver.trigger()
    for name in ("up", "a", "b", "down"):
        driver.finish(name)
    clear(driver, "b")
    assert driver.states() == {"up": "queued", "a": "success", "b": "none", "down": "none"}


def test_a_clear_may_take_the_newest_version() -> None:
    driver = finished()
    driver.learn(dag(task("a"), task("new", "a"), task("c", "new")), version="v2")
    clear(driver, "c", newest_version=True)
    assert driver.states() == {"a": "success", "b": "removed", "c": "none", "new": "queued"}
    assert driver.run().version_hash == "v2"


@pytest.mark.parametrize(
    ("said", "asked", "expected"),
    [(True, None, "v2"), (True, False, "v1"), (None, None, "v1"), (None, True, "v2")],
)
def test_a_dag_says_which_version_a_clear_takes_unless_the_clear_does(
    said: bool | None, asked: bool | None, expected: str
) -> None:
    driver = Driver(dag(task("a")))
    driver.trigger()
    driver.finish("a")
    driver.learn(dag(task("a"), description="new", rerun_with_latest_version=said), version="v2")
    clear(driver, "a", newest_version=asked)
    assert driver.run().version_hash == expected


def test_a_running_task_that_the_newest_version_does_not_have_is_stopped() -> None:
    driver = Driver(dag(task("a"), task("gone")))
    driver.trigger()
    driver.claim("gone")
    driver.finish("a")
    driver.learn(dag(task("a")), version="v2")
    clear(driver, "a", newest_version=True)
    assert driver.states() == {"a": "queued", "gone": "removed"}
    assert [stop.reason for stop in driver.decided(StopAttempt)] == ["its task is no longer in the DAG"]
    driver.finish("a")
    assert driver.run().state is RunState.SUCCESS


def test_a_clear_keeps_a_note() -> None:
    driver = finished()
    driver.do(driver.load(driver.run().key), ClearTasks(selection=select("b"), note="bad input"))
    assert driver.record("b").note == "bad input"


def mark(driver: Driver, state: str, *task_ids: str, **fields: object) -> None:
    missing = [driver.load(key) for key in driver.runs if not driver.core.has_run(key)]
    driver.do(*missing, MarkTasks(selection=select(*task_ids, **fields), state=state))


def test_a_mark_stops_a_running_task() -> None:
    driver = Driver(dag(task("a"), task("b", "a")))
    driver.trigger()
    driver.claim("a")
    mark(driver, "success", "a")
    assert driver.states() == {"a": "success", "b": "queued"}
    assert [stop.reason for stop in driver.decided(StopAttempt)] == ["marked success by a user"]


def test_what_had_failed_below_a_mark_goes_on() -> None:
    driver = finished(fails="a")
    assert driver.states() == {"a": "failed", "b": "upstream_failed", "c": "upstream_failed"}
    mark(driver, "success", "a")
    assert driver.states() == {"a": "success", "b": "queued", "c": "none"}
    assert driver.run().state is RunState.RUNNING


def test_a_mark_above_takes_back_what_was_lined_up() -> None:
    driver = Driver(dag(task("a"), task("b", "a", pool="p")), pools={"p": 0})
    driver.trigger()
    driver.finish("a")
    mark(driver, "failed", "a")
    assert driver.states() == {"a": "failed", "b": "upstream_failed"}


def test_marks_call_no_callbacks() -> None:
    driver = Driver(dag(task("a", callbacks=("success", "failure"))))
    driver.trigger()
    mark(driver, "failed", "a")
    assert driver.callbacks == []


def test_a_run_may_be_declared_a_success_or_a_failure() -> None:
    driver = Driver(dag(task("a"), task("b", "a")))
    driver.trigger("good")
    driver.trigger("bad")
    driver.claim("a", "bad")
    driver.do(MarkRun(dag_id="d", run_id="good", state="success"))
    driver.do(MarkRun(dag_id="d", run_id="bad", state="failed"))
    assert driver.run_states() == {"good": "success", "bad": "failed"}
    assert driver.states("good") == {"a": "success", "b": "success"}
    assert driver.states("bad") == {"a": "failed", "b": "skipped"}
    assert driver.run("bad").reason == "the run was marked failed by a user"


def with_cluster() -> Driver:
    """Return a driver whose run has made a cluster, works on it, and will delete it."""
    work = (task("work", "make"), task("report", "work"))
    delete = task(
        "delete", "make", "report", is_teardown=True, trigger_rule=TriggerRule.ALL_DONE_SETUP_SUCCESS
    )
    driver = Driver(dag(task("make", is_setup=True), *work, delete))
    driver.trigger()
    driver.finish("make")
    driver.claim("work")
    return driver


@pytest.mark.parametrize(
    ("mark", "work", "report"), [("failed", "failed", "skipped"), ("success", "success", "success")]
)
def test_a_run_that_is_declared_final_ends_after_its_teardowns(mark: str, work: str, report: str) -> None:
    driver = with_cluster()
    driver.do(MarkRun(dag_id="d", run_id="r", state=mark))
    assert driver.states() == {"make": "success", "work": work, "report": report, "delete": "queued"}
    assert driver.run().state is RunState.RUNNING
    driver.fail("delete")
    assert driver.run().state == mark
    assert (driver.run().reason, driver.run().marked) == (f"the run was marked {mark} by a user", None)


def test_a_second_mark_does_not_wait_for_teardowns() -> None:
    driver = with_cluster()
    driver.do(MarkRun(dag_id="d", run_id="r", state="failed"))
    driver.do(MarkRun(dag_id="d", run_id="r", state="failed"))
    assert driver.states()["delete"] == "skipped"
    assert driver.run().state is RunState.FAILED


def test_a_clear_takes_a_mark_back_that_waits_for_teardowns() -> None:
    driver = with_cluster()
    driver.do(MarkRun(dag_id="d", run_id="r", state="failed"))
    clear(driver, "work", downstream=True)
    assert (driver.run().marked, driver.run().reason) == (None, None)
    for name in ("make", "work", "report", "delete"):
        driver.finish(name)
    assert driver.run().state is RunState.SUCCESS


def test_a_run_that_is_declared_queued_runs_again() -> None:
    driver = finished()
    driver.do(driver.load(driver.run().key), MarkRun(dag_id="d", run_id="r", state="queued"))
    assert driver.states() == {"a": "queued", "b": "none", "c": "none"}
    assert driver.run().state is RunState.RUNNING


def test_a_queued_run_may_be_declared_failed() -> None:
    driver = Driver(dag(task("a"), max_active_runs=1))
    driver.trigger("1")
    driver.trigger("2")
    driver.do(MarkRun(dag_id="d", run_id="2", state="failed"))
    assert driver.run("2").state is RunState.FAILED
    assert driver.states("2") == {"a": "skipped"}


def test_notes_are_kept_on_runs_and_task_instances() -> None:
    driver = Driver(dag(task("a")))
    driver.trigger()
    driver.do(
        SetNote(dag_id="d", run_id="r", note="one"), SetNote(dag_id="d", run_id="r", task_id="a", note="two")
    )
    assert (driver.run().note, driver.record("a").note) == ("one", "two")


def test_a_deleted_run_is_stopped_and_frees_its_place() -> None:
    driver = Driver(dag(task("a"), max_active_runs=1), parallelism=1)
    driver.trigger("1")
    driver.trigger("2")
    attempt_id = driver.open_attempt("a", "1")
    driver.do(DeleteRun(dag_id="d", run_id="1"))
    assert [stop.attempt_id for stop in driver.decided(StopAttempt)] == [attempt_id]
    assert driver.decided(ForgetRun) == [ForgetRun(run_key=driver.run("1").key)]
    assert driver.dispatched() == ["a"]
    assert driver.run("2").state is RunState.RUNNING


def test_deleting_a_finished_run_frees_no_place_twice() -> None:
    driver = Driver(dag(task("a"), max_active_runs=1))
    driver.trigger("1")
    driver.finish("a", run_id="1")
    driver.trigger("2")
    driver.do(driver.load(driver.run("1").key), DeleteRun(dag_id="d", run_id="1"))
    driver.trigger("3")
    assert driver.run("3").state is RunState.QUEUED


def test_a_deleted_dag_is_forgotten_with_all_its_runs_and_may_come_back() -> None:
    driver = Driver(dag(task("a")))
    driver.trigger()
    driver.do(DeleteDag(dag_id="d"))
    assert driver.decided(ForgetDag) == [ForgetDag(dag_id="d")]
    assert not driver.core.has_run(driver.run().key)
    driver.learn(dag(task("a")))
    driver.trigger("again")
    assert driver.dispatched() == ["a"]


def test_marks_that_make_no_sense_are_dropped() -> None:
    driver = Driver(dag(task("a")))
    driver.trigger()
    mark(driver, "running", "a")
    driver.do(MarkRun(dag_id="d", run_id="r", state="nonsense"))
    assert driver.states() == {"a": "queued"}

from __future__ import annotations

from datetime import timedelta

import pytest

from etesian.lifecycle.state import RunState
from etesian.protocol.commands import ClearTasks, TaskSelection
from etesian.scheduler.core.decisions import PauseDag, StopAttempt
from etesian.spec.trigger_rule import TriggerRule
from tests.unit.scheduler.driver import START, Driver, dag, task


def test_a_run_succeeds_when_all_leaves_do() -> None:
    driver = Driver(dag(task("a"), task("b", "a"), task("c", "a")))
    driver.trigger()
    for name in "abc":
        driver.finish(name)
    run = driver.run()
    assert (run.state, run.started_at, run.ended_at) == (RunState.SUCCESS, START, START)


def test_a_run_fails_when_a_leaf_does() -> None:
    driver = Driver(dag(task("a"), task("b", "a"), task("c", "a")))
    driver.trigger()
    driver.finish("a")
    driver.fail("b")
    driver.finish("c")
    assert driver.run().state is RunState.FAILED


def test_a_failure_above_a_leaf_fails_the_run_only_if_it_reaches_the_leaf() -> None:
    driver = Driver(dag(task("a"), task("b", "a"), task("c", "a", trigger_rule=TriggerRule.ALL_DONE)))
    driver.trigger("reached")
    driver.fail("a", "reached")
    driver.finish("c", run_id="reached")
    assert driver.states("reached") == {"a": "failed", "b": "upstream_failed", "c": "success"}
    assert driver.run("reached").state is RunState.FAILED
    reasons = {key.task_id: record.reason for key, record in driver.tasks.items()}
    assert reasons["b"] == "upstream 'a' is failed"

    other = Driver(dag(task("a"), task("c", "a", trigger_rule=TriggerRule.ALL_DONE)))
    other.trigger()
    other.fail("a")
    other.finish("c")
    assert other.run().state is RunState.SUCCESS


def test_a_run_without_tasks_succeeds_at_once() -> None:
    driver = Driver(dag())
    driver.trigger()
    assert driver.run().state is RunState.SUCCESS


def test_tasks_that_do_nothing_are_completed_without_a_worker() -> None:
    driver = Driver(dag(task("a", is_empty=True), task("b", "a"), task("c", "b", is_empty=True)))
    driver.trigger()
    assert driver.dispatched() == ["b"]
    driver.finish("b")
    assert driver.states() == {"a": "success", "b": "success", "c": "success"}
    assert driver.run().state is RunState.SUCCESS


def test_an_empty_task_with_a_callback_is_run_by_a_worker() -> None:
    driver = Driver(dag(task("a", is_empty=True, callbacks=("success",))))
    driver.trigger()
    assert driver.dispatched() == ["a"]


@pytest.mark.parametrize(("fails_run", "state"), [(False, RunState.SUCCESS), (True, RunState.FAILED)])
def test_a_failed_teardown_fails_the_run_only_if_it_is_to(*, fails_run: bool, state: RunState) -> None:
    teardown = task(
        "down",
        "up",
        "work",
        is_teardown=True,
        on_failure_fail_dag_run=fails_run,
        trigger_rule=TriggerRule.ALL_DONE_SETUP_SUCCESS,
    )
    driver = Driver(dag(task("up", is_setup=True), task("work", "up"), teardown))
    driver.trigger()
    driver.finish("up")
    driver.finish("work")
    driver.fail("down")
    assert driver.run().state is state


def test_a_teardown_cleans_up_after_a_failure_and_the_run_is_still_a_failure() -> None:
    teardown = task("down", "up", "work", is_teardown=True, trigger_rule=TriggerRule.ALL_DONE_SETUP_SUCCESS)
    driver = Driver(dag(task("up", is_setup=True), task("work", "up"), teardown))
    driver.trigger()
    driver.finish("up")
    driver.fail("work")
    driver.finish("down")
    assert driver.run().state is RunState.FAILED


def test_a_task_needs_the_setups_above_it_though_they_are_not_directly_upstream() -> None:
    setup = task("up", is_setup=True)
    teardown = task("down", "up", "b", is_teardown=True, trigger_rule=TriggerRule.ALL_DONE_SETUP_SUCCESS)
    driver = Driver(dag(setup, task("a", "up"), task("b", "a", trigger_rule=TriggerRule.ALL_DONE), teardown))
    driver.trigger()
    driver.fail("up")
    assert driver.states() == {
        "up": "failed",
        "a": "upstream_failed",
        "b": "upstream_failed",
        "down": "upstream_failed",
    }


def test_a_run_that_takes_too_long_is_stopped_and_says_so() -> None:
    driver = Driver(dag(task("a"), task("b", "a"), dagrun_timeout_seconds=60.0))
    driver.trigger()
    driver.claim("a")
    attempt_id = driver.open_attempt("a")
    driver.wait(seconds=60)
    assert driver.decided(StopAttempt) == [
        StopAttempt(executor="local", attempt_id=attempt_id, reason="the run took longer than 60 seconds")
    ]
    assert driver.states() == {"a": "skipped", "b": "skipped"}
    assert (driver.run().state, driver.run().reason) == (
        RunState.FAILED,
        "the run took longer than 60 seconds",
    )


def test_fail_fast_stops_everything_but_teardowns() -> None:
    tasks = (
        task("up", is_setup=True),
        task("a", "up"),
        task("b", "up"),
        task("c", "b"),
        task("queued", "up"),
        task("down", "up", "a", "c", is_teardown=True, trigger_rule=TriggerRule.ALL_DONE_SETUP_SUCCESS),
    )
    driver = Driver(dag(*tasks, fail_fast=True))
    driver.trigger()
    driver.finish("up")
    driver.claim("b")
    driver.fail("a")
    assert driver.states() == {
        "up": "success",
        "a": "failed",
        "b": "failed",
        "c": "skipped",
        "queued": "skipped",
        "down": "queued",
    }
    assert len(driver.decided(StopAttempt)) == 2
    driver.finish("down")
    assert driver.run().state is RunState.FAILED


def test_a_run_keeps_to_the_version_of_the_bundle_that_it_began_with() -> None:
    spec = dag(task("a"), task("b", "a"), max_active_runs=1)
    driver = Driver()
    driver.learn(spec, bundle_version="v1")
    driver.trigger("1")
    driver.trigger("2")
    driver.learn(spec, bundle_version="v2")
    driver.finish("a", run_id="1")
    driver.finish("b", run_id="1")
    driver.finish("a", run_id="2")
    asked = [
        (workload.run.run_id, workload.task_id, workload.bundle_version) for workload in driver.workloads
    ]
    assert asked == [("1", "a", "v1"), ("1", "b", "v1"), ("2", "a", "v2"), ("2", "b", "v2")]
    assert (driver.run("1").bundle_version, driver.run("2").bundle_version) == ("v1", "v2")


def test_a_new_leader_keeps_runs_at_their_version_of_the_bundle() -> None:
    spec = dag(task("a"), task("b", "a"))
    driver = Driver()
    driver.learn(spec, bundle_version="v1")
    driver.trigger()
    driver.learn(spec, bundle_version="v2")
    successor = driver.successor()
    successor.finish("a")
    assert [workload.bundle_version for workload in successor.workloads] == ["v1"]


def test_a_dag_may_want_the_newest_files_of_its_bundle_at_any_time() -> None:
    driver = Driver()
    driver.learn(dag(task("a"), disable_bundle_versioning=True), bundle_version="v1")
    driver.trigger()
    assert [workload.bundle_version for workload in driver.workloads] == [None]


def test_callbacks_are_called_in_the_version_of_their_run() -> None:
    driver = Driver()
    driver.learn(dag(task("a", callbacks=("failure",)), callbacks=("failure",)), bundle_version="v1")
    driver.trigger()
    driver.fail("a")
    assert [callback.bundle_version for callback in driver.callbacks] == ["v1", "v1"]


def test_a_clear_takes_the_version_of_the_bundle_along_if_the_newest_is_asked_for() -> None:
    spec = dag(task("a"))
    driver = Driver()
    driver.learn(spec, bundle_version="v1")
    driver.trigger()
    driver.finish("a")
    driver.learn(dag(task("a"), description="new"), version="v2", bundle_version="B")
    for newest, expected in ((False, "v1"), (True, "B")):
        selection = TaskSelection(dag_id="d", run_ids=("r",), task_ids=("a",))
        driver.do(driver.load(driver.run().key), ClearTasks(selection=selection, newest_version=newest))
        assert driver.workloads[-1].bundle_version == expected
        driver.finish("a")


def test_a_dag_that_fails_too_often_in_a_row_is_paused() -> None:
    driver = Driver(dag(task("a"), max_consecutive_failed_runs=2))
    for run_id, fails in (("1", True), ("2", False), ("3", True)):
        driver.trigger(run_id)
        if fails:
            driver.fail("a", run_id)
        else:
            driver.finish("a", run_id=run_id)
        assert not driver.decided(PauseDag)
    driver.trigger("4")
    driver.fail("a", "4")
    assert driver.decided(PauseDag) == [PauseDag(dag_id="d", reason="its last 2 runs failed")]
    driver.trigger("5")
    assert driver.run("5").state is RunState.QUEUED


def test_a_run_keeps_the_version_it_began_with() -> None:
    driver = Driver(dag(task("a"), task("b", "a")))
    driver.trigger("old")
    driver.learn(dag(task("a"), task("c", "a")), version="v2")
    driver.trigger("new")
    driver.finish("a", run_id="old")
    driver.finish("a", run_id="new")
    assert driver.states("old") == {"a": "success", "b": "queued"}
    assert driver.states("new") == {"a": "success", "c": "queued"}
    assert (driver.run("old").version_hash, driver.run("new").version_hash) == ("v1", "v2")


def test_a_task_takes_no_part_in_runs_outside_its_own_dates() -> None:
    tasks = (
        task("a"),
        task("late", start_date=START + timedelta(days=1)),
        task("old", end_date=START - timedelta(days=1)),
    )
    driver = Driver(dag(*tasks, start_date=START))
    driver.trigger(logical_date=START)
    assert driver.states() == {"a": "queued", "late": "skipped", "old": "skipped"}
    assert driver.record("late").reason == "the task takes part from 2030-01-02 00:00 on"


def test_a_run_of_ten_thousand_tasks_starts_at_once() -> None:
    tasks = [task("root"), *(task(f"t{number}", "root") for number in range(9_999))]
    driver = Driver(dag(*tasks))
    driver.trigger()
    assert driver.dispatched() == ["root"]
    assert len(driver.states()) == 10_000

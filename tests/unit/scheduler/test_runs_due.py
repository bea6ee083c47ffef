from __future__ import annotations

from datetime import timedelta

from etesian.lifecycle.state import RunState, RunType
from etesian.protocol.commands import DagGone, PauseChanged
from etesian.scheduler.core.decisions import SaveNextRun, SaveRun
from etesian.spec.schedule import (
    ContinuousSchedule,
    CronIntervalSchedule,
    CronTriggerSchedule,
    OnceSchedule,
    SchedulePoint,
)
from tests.unit.scheduler.driver import START, Driver, dag, task

HOURLY = CronTriggerSchedule(expressions=("0 * * * *",))


def new_runs(driver: Driver) -> list[str]:
    return [decision.run.run_id for decision in driver.decided(SaveRun) if decision.is_new]


def test_a_run_is_created_when_its_time_has_come_and_not_before() -> None:
    driver = Driver(dag(task("a"), schedule=HOURLY, start_date=START + timedelta(hours=1)))
    assert driver.core.next_wake() == START + timedelta(hours=1)
    driver.wait(minutes=59, seconds=59)
    assert new_runs(driver) == []
    driver.wait(seconds=1)
    assert new_runs(driver) == ["scheduled__2030-01-01T01:00:00+00:00"]
    assert driver.dispatched() == ["a"]


def test_a_scheduled_run_carries_its_dates() -> None:
    driver = Driver(
        dag(task("a"), schedule=CronIntervalSchedule(expression="0 0 * * *"), start_date=START, catchup=True)
    )
    driver.wait(days=1)
    run = driver.run("scheduled__2030-01-01T00:00:00+00:00")
    assert (run.logical_date, run.run_after) == (START, START + timedelta(days=1))
    assert (run.data_interval_start, run.data_interval_end) == (START, START + timedelta(days=1))
    assert (run.run_type, run.queued_at, run.started_at) == (RunType.SCHEDULED, driver.now, driver.now)


def test_the_next_point_is_told_for_people() -> None:
    driver = Driver(dag(schedule=HOURLY, start_date=START + timedelta(minutes=1), dag_id="x"))
    (told,) = driver.decided(SaveNextRun)
    assert told.dag_id == "x"
    assert told.point is not None
    assert told.point.run_after == START + timedelta(hours=1)


def test_catch_up_creates_as_many_runs_at_a_time_as_may_run() -> None:
    driver = Driver(
        dag(
            task("a"), schedule=HOURLY, start_date=START - timedelta(hours=5), catchup=True, max_active_runs=2
        )
    )
    assert new_runs(driver) == [
        "scheduled__2029-12-31T19:00:00+00:00",
        "scheduled__2029-12-31T20:00:00+00:00",
    ]
    driver.finish("a", run_id="scheduled__2029-12-31T19:00:00+00:00")
    assert new_runs(driver) == ["scheduled__2029-12-31T21:00:00+00:00"]


def test_without_catch_up_only_the_newest_missed_point_is_run() -> None:
    driver = Driver()
    driver.now = START + timedelta(hours=5, minutes=30)
    driver.learn(dag(task("a"), schedule=CronIntervalSchedule(expression="0 * * * *"), start_date=START))
    assert new_runs(driver) == ["scheduled__2030-01-01T04:00:00+00:00"]


def test_a_new_leader_goes_on_after_the_newest_run_that_exists() -> None:
    driver = Driver()
    newest = SchedulePoint(run_after=START, logical_date=START)
    driver.now = START + timedelta(hours=2)
    spec = dag(task("a"), schedule=HOURLY, start_date=START, catchup=True)
    driver.learn(spec, newest_point=newest)
    assert new_runs(driver) == [
        "scheduled__2030-01-01T01:00:00+00:00",
        "scheduled__2030-01-01T02:00:00+00:00",
    ]


def test_a_paused_dag_creates_no_runs_and_goes_on_when_unpaused() -> None:
    driver = Driver()
    driver.learn(dag(task("a"), schedule=HOURLY, start_date=START, catchup=True), is_paused=True)
    driver.wait(hours=1)
    assert new_runs(driver) == []
    assert driver.core.next_wake() is None
    driver.do(PauseChanged(dag_id="d", is_paused=False))
    assert new_runs(driver) == [
        "scheduled__2030-01-01T00:00:00+00:00",
        "scheduled__2030-01-01T01:00:00+00:00",
    ]


def test_a_manual_run_of_a_paused_dag_waits_until_it_is_unpaused() -> None:
    driver = Driver()
    driver.learn(dag(task("a")), is_paused=True)
    driver.trigger()
    assert driver.run().state is RunState.QUEUED
    driver.do(PauseChanged(dag_id="d", is_paused=False))
    assert driver.run().state is RunState.RUNNING


def test_pausing_holds_back_tasks_that_have_not_begun() -> None:
    driver = Driver(dag(task("a"), task("b", "a")))
    driver.trigger()
    driver.do(PauseChanged(dag_id="d", is_paused=True))
    driver.finish("a")
    assert driver.states() == {"a": "success", "b": "scheduled"}
    assert driver.why("b") == ["DAG 'd' is paused"]
    driver.do(PauseChanged(dag_id="d", is_paused=False))
    assert driver.dispatched() == ["b"]


def test_runs_start_oldest_first() -> None:
    driver = Driver(dag(task("a"), max_active_runs=1))
    driver.trigger("first")
    for run_id, minutes in (("c", 3), ("a", 1), ("b", 2)):
        driver.trigger(run_id, run_after=START - timedelta(minutes=minutes))
    driver.finish("a", run_id="first")
    assert driver.run_states() == {"first": "success", "c": "running", "a": "queued", "b": "queued"}


def test_a_run_for_later_waits_for_its_time() -> None:
    driver = Driver(dag(task("a")))
    driver.trigger(run_after=START + timedelta(minutes=5))
    assert driver.run().state is RunState.QUEUED
    assert driver.core.next_wake() == START + timedelta(minutes=5)
    driver.wait(minutes=5)
    assert driver.run().state is RunState.RUNNING


def test_once_means_once() -> None:
    driver = Driver(dag(task("a"), schedule=OnceSchedule(), start_date=START))
    (run_id,) = new_runs(driver)
    driver.finish("a", run_id=run_id)
    driver.wait(days=1000)
    assert new_runs(driver) == []


def test_a_continuous_dag_starts_again_when_the_run_before_has_ended() -> None:
    driver = Driver(dag(task("a"), schedule=ContinuousSchedule(), start_date=START, max_active_runs=16))
    (first,) = new_runs(driver)
    driver.wait(minutes=1)
    assert new_runs(driver) == []
    driver.finish("a", run_id=first)
    (second,) = new_runs(driver)
    assert second != first
    assert driver.run(second).state is RunState.RUNNING


def test_a_dag_that_is_gone_starts_nothing_new_but_its_runs_go_on() -> None:
    driver = Driver(dag(task("a"), task("b", "a"), schedule=HOURLY, start_date=START + timedelta(hours=1)))
    driver.trigger("before")
    driver.do(DagGone(dag_id="d"))
    driver.trigger("after")
    driver.finish("a", run_id="before")
    assert driver.dispatched() == ["b"]
    driver.wait(hours=2)
    assert driver.run_states() == {"before": "running", "after": "queued"}
    blockers = driver.core.blockers(driver.run("after").key, driver.now)
    assert [blocker.text for blocker in blockers] == ["no DAG file defines 'd' now"]


def test_a_dag_may_forbid_scheduled_runs() -> None:
    driver = Driver(dag(task("a"), schedule=HOURLY, start_date=START, allowed_run_types=("manual",)))
    assert new_runs(driver) == []


def test_a_run_that_was_asked_for_before_its_dag_was_known_starts_with_it() -> None:
    driver = Driver()
    driver.trigger()
    driver.learn(dag(task("a")))
    assert driver.dispatched() == ["a"]


def test_a_date_that_was_run_by_hand_is_left_out_of_the_schedule() -> None:
    driver = Driver(dag(task("a"), schedule=HOURLY, start_date=START + timedelta(minutes=1)))
    driver.trigger("by hand", logical_date=START + timedelta(hours=1))
    driver.wait(hours=1)
    assert new_runs(driver) == []
    driver.wait(hours=1)
    assert new_runs(driver) == ["scheduled__2030-01-01T02:00:00+00:00"]


def test_a_new_leader_is_told_which_dates_were_run_by_hand() -> None:
    driver = Driver()
    driver.now = START + timedelta(hours=1)
    spec = dag(task("a"), schedule=HOURLY, start_date=START, catchup=True)
    driver.learn(spec, taken_dates=frozenset({START}))
    assert new_runs(driver) == ["scheduled__2030-01-01T01:00:00+00:00"]

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest

from etesian.lifecycle.backfills import ExistingRun
from etesian.lifecycle.records import RunKey
from etesian.lifecycle.state import RunState, RunType
from etesian.protocol.commands import ChangeBackfill, CreateBackfill, MarkRun, PauseChanged
from etesian.scheduler.core.decisions import AskRun, CompleteBackfill, SaveRun
from etesian.scheduler.core.events import BackfillLoaded, RunGone
from etesian.spec.schedule import CronTriggerSchedule
from tests.unit.scheduler.driver import START, Driver, dag, task

DAILY = CronTriggerSchedule(expressions=("0 0 * * *",))


def day(number: int) -> datetime:
    return START - timedelta(days=number)


def order(**fields: object) -> CreateBackfill:
    given = {"from_date": day(4), "to_date": day(1), "max_active_runs": 2, **fields}
    return CreateBackfill(backfill_id="b", dag_id="d", **given)  # type: ignore[arg-type]  # as given


def driver_of(**fields: object) -> Driver:
    start = START + timedelta(days=9)
    return Driver(dag(task("a"), schedule=DAILY, start_date=start, **fields))  # type: ignore[arg-type]  # as given


def run_ids(driver: Driver) -> list[str]:
    return [decision.run.run_id for decision in driver.decided(SaveRun) if decision.is_new]


def name(number: int) -> str:
    return f"backfill__{day(number).isoformat()}"


def test_a_backfill_creates_its_runs_a_few_at_a_time_and_is_completed() -> None:
    driver = driver_of(max_active_runs=1)
    driver.do(order(conf={"x": 1}))
    assert run_ids(driver) == [name(4), name(3)]
    run = driver.run(name(4))
    assert (run.run_type, run.backfill_id, run.triggered_by) == (RunType.BACKFILL, "b", "backfill")
    assert (run.logical_date, run.conf, run.state) == (day(4), {"x": 1}, RunState.RUNNING)
    driver.finish("a", run_id=name(4))
    assert run_ids(driver) == [name(2)]
    for number in (3, 2, 1):
        assert driver.decided(CompleteBackfill) == []
        driver.finish("a", run_id=name(number))
    assert driver.decided(CompleteBackfill) == [CompleteBackfill(backfill_id="b")]


def test_a_backfill_may_go_backwards() -> None:
    driver = driver_of()
    driver.do(order(run_backwards=True))
    assert run_ids(driver) == [name(1), name(2)]


def test_a_backfill_takes_no_place_of_other_runs() -> None:
    driver = driver_of(max_active_runs=1)
    driver.do(order())
    driver.trigger()
    assert driver.run().state is RunState.RUNNING


def test_tasks_of_other_runs_go_before_those_of_a_backfill() -> None:
    busy = Driver(
        dag(task("busy"), dag_id="other"),
        dag(task("a"), schedule=DAILY, start_date=START + timedelta(days=9)),
        parallelism=1,
    )
    busy.trigger("holds", dag_id="other")
    busy.do(order(max_active_runs=1))
    busy.wait(seconds=5)
    busy.trigger("younger")
    busy.finish("other.busy", run_id="holds")
    assert (busy.state("a", "younger"), busy.state("a", name(4))) == ("queued", "scheduled")


@pytest.mark.parametrize(
    ("reprocess", "asked"), [("none", []), ("failed", ["bad"]), ("completed", ["good", "bad"])]
)
def test_runs_that_exist_are_left_alone_or_done_again(reprocess: str, asked: list[str]) -> None:
    driver = driver_of()
    existing = (
        ExistingRun(run_id="good", logical_date=day(4), state=RunState.SUCCESS),
        ExistingRun(run_id="bad", logical_date=day(3), state=RunState.FAILED),
        ExistingRun(run_id="going", logical_date=day(2), state=RunState.RUNNING),
    )
    driver.do(BackfillLoaded(backfill=order(reprocess=reprocess, max_active_runs=9), existing=existing))
    assert run_ids(driver) == [name(1)]
    assert [question.run_key.run_id for question in driver.decided(AskRun)] == asked


def finished_run() -> Driver:
    driver = driver_of()
    driver.trigger("old", logical_date=day(1))
    driver.fail("a", "old")
    existing = (ExistingRun(run_id="old", logical_date=day(1), state=RunState.FAILED),)
    driver.do(BackfillLoaded(backfill=order(from_date=day(1), reprocess="failed"), existing=existing))
    return driver


def test_a_run_is_done_again_as_part_of_the_backfill() -> None:
    driver = finished_run()
    assert driver.decided(AskRun) == [AskRun(run_key=RunKey("d", "old"))]
    driver.do(driver.load(RunKey("d", "old")))
    run = driver.run("old")
    assert (run.state, run.run_type, run.backfill_id, run.clear_number) == (
        RunState.RUNNING,
        RunType.BACKFILL,
        "b",
        1,
    )
    driver.finish("a", run_id="old")
    assert driver.decided(CompleteBackfill)


def test_a_cancelled_backfill_closes_the_runs_that_were_to_be_done_again() -> None:
    driver = finished_run()
    driver.do(PauseChanged(dag_id="d", is_paused=True))
    driver.do(driver.load(RunKey("d", "old")))
    assert (driver.run("old").state, driver.states("old")) == (RunState.QUEUED, {"a": "none"})
    driver.do(ChangeBackfill(backfill_id="b", action="cancel"))
    assert (driver.run("old").state, driver.states("old")) == (RunState.FAILED, {"a": "skipped"})
    assert driver.run("old").reason == "its backfill was cancelled"


def test_a_run_that_is_gone_is_not_waited_for() -> None:
    driver = finished_run()
    driver.do(RunGone(run_key=RunKey("d", "old")))
    assert driver.decided(CompleteBackfill)


def test_a_backfill_can_be_paused_and_go_on() -> None:
    driver = driver_of()
    driver.do(order(max_active_runs=1))
    driver.do(ChangeBackfill(backfill_id="b", action="pause"))
    driver.finish("a", run_id=name(4))
    assert run_ids(driver) == []
    driver.do(ChangeBackfill(backfill_id="b", action="unpause"))
    assert run_ids(driver) == [name(3)]


def test_a_cancelled_backfill_lets_running_runs_end_and_creates_no_more() -> None:
    driver = driver_of()
    driver.do(order())
    driver.do(ChangeBackfill(backfill_id="b", action="cancel"))
    assert driver.decided(CompleteBackfill) == []
    driver.finish("a", run_id=name(4))
    driver.finish("a", run_id=name(3))
    assert driver.decided(CompleteBackfill) == [CompleteBackfill(backfill_id="b")]
    assert driver.run_states() == {name(4): "success", name(3): "success"}


def test_a_new_leader_goes_on_where_the_old_one_was() -> None:
    driver = driver_of()
    driver.do(order())
    driver.finish("a", run_id=name(4))
    other = driver.successor()
    existing = tuple(
        ExistingRun(
            run_id=name(number),
            logical_date=day(number),
            state=driver.run(name(number)).state,
            backfill_id="b",
        )
        for number in (4, 3, 2)
    )
    other.do(BackfillLoaded(backfill=order(), existing=existing))
    assert run_ids(other) == []
    other.finish("a", run_id=name(3))
    assert run_ids(other) == [name(1)]


def test_a_run_of_a_backfill_that_is_over_runs_again_like_any_other() -> None:
    driver = driver_of()
    driver.do(order(from_date=day(1)))
    driver.finish("a", run_id=name(1))
    assert driver.decided(CompleteBackfill)
    driver.do(driver.load(RunKey("d", name(1))), MarkRun(dag_id="d", run_id=name(1), state="queued"))
    assert driver.run(name(1)).state is RunState.RUNNING


def test_two_backfills_of_the_same_dates_make_each_run_once() -> None:
    driver = driver_of()
    driver.do(
        order(max_active_runs=1), msgspec.structs.replace(order(max_active_runs=1), backfill_id="other")
    )
    made, open_runs = [], run_ids(driver)
    while open_runs:
        run_id = open_runs.pop(0)
        made.append(run_id)
        driver.finish("a", run_id=run_id)
        open_runs += run_ids(driver)
    assert sorted(made) == [name(4), name(3), name(2), name(1)]


def test_a_run_that_a_user_cleared_first_is_not_done_twice() -> None:
    driver = finished_run()
    driver.do(driver.load(RunKey("d", "old")), MarkRun(dag_id="d", run_id="old", state="queued"))
    assert driver.run("old").state is RunState.RUNNING
    driver.finish("a", run_id="old")
    assert driver.run("old").state is RunState.SUCCESS
    assert driver.decided(CompleteBackfill)

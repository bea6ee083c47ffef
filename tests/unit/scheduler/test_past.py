from __future__ import annotations

from datetime import timedelta

from etesian.lifecycle.records import RunKey
from etesian.lifecycle.state import TaskState
from etesian.protocol.commands import DeleteRun, MarkTasks, TaskSelection
from etesian.scheduler.core.decisions import AskPast
from etesian.scheduler.core.events import PastKnown
from etesian.spec.task import TaskSpec
from etesian.spec.trigger_rule import TriggerRule
from tests.unit.scheduler.driver import START, Driver, dag, task

YESTERDAY, TODAY = START - timedelta(days=1), START


def past(states: dict[str, TaskState], run_id: str | None = "yesterday") -> PastKnown:
    return PastKnown(
        run_key=RunKey("d", "today"),
        past_run_id=run_id,
        past_date=YESTERDAY if run_id else None,
        states=states,
    )


def today(*tasks: TaskSpec) -> Driver:
    driver = Driver(dag(*tasks))
    driver.trigger("today", logical_date=TODAY)
    return driver


def two_days(*tasks: TaskSpec) -> Driver:
    """Return a driver with two runs under way, the second of which depends on the first."""
    driver = Driver(dag(*tasks))
    driver.trigger("yesterday", logical_date=YESTERDAY)
    driver.do(PastKnown(run_key=RunKey("d", "yesterday"), past_run_id=None, states={}))
    driver.trigger("today", logical_date=TODAY)
    driver.do(past({}))
    return driver


def test_the_run_before_is_asked_for() -> None:
    driver = today(task("a", depends_on_past=True), task("b"))
    assert driver.decided(AskPast) == [AskPast(run_key=RunKey("d", "today"), before=TODAY)]
    assert driver.dispatched() == ["b"]
    assert driver.why("a", "today") == ["it depends on the run before: the run before is being looked up"]


def test_nothing_is_asked_where_no_task_depends_on_it() -> None:
    assert today(task("a")).decided(AskPast) == []


def test_the_first_run_ever_waits_for_nothing() -> None:
    driver = today(task("a", depends_on_past=True))
    driver.do(past({}, run_id=None))
    assert driver.dispatched() == ["a"]


def test_a_good_past_lets_the_task_start() -> None:
    for state in (TaskState.SUCCESS, TaskState.SKIPPED):
        driver = today(task("a", depends_on_past=True))
        driver.do(past({"a": state}))
        assert driver.dispatched() == ["a"]


def test_a_bad_past_holds_the_task_until_it_is_mended() -> None:
    driver = two_days(task("a", depends_on_past=True))
    driver.fail("a", "yesterday")
    assert driver.dispatched() == []
    assert driver.why("a", "today") == [
        "it depends on the run before: 'a' is failed in the run before, 'yesterday'"
    ]
    selection = TaskSelection(dag_id="d", run_ids=("yesterday",))
    driver.do(driver.load(RunKey("d", "yesterday")), MarkTasks(selection=selection, state="success"))
    assert driver.dispatched() == ["a"]


def test_a_task_starts_as_soon_as_its_predecessor_is_done() -> None:
    driver = two_days(task("a", depends_on_past=True), task("b"))
    driver.finish("a", run_id="yesterday")
    assert driver.dispatched() == ["a"]


def test_waiting_for_downstream_includes_the_direct_children() -> None:
    driver = two_days(task("a", wait_for_downstream=True), task("b", "a"))
    driver.finish("a", run_id="yesterday")
    assert driver.dispatched() == ["b"]
    assert driver.why("a", "today") == [
        "it depends on the run before: 'b', downstream of it, is queued in the run before, 'yesterday'"
    ]
    driver.finish("b", run_id="yesterday")
    assert driver.dispatched() == ["a"]


def test_a_task_that_is_new_since_the_run_before_may_start_or_not() -> None:
    driver = today(
        task("a", depends_on_past=True), task("b", depends_on_past=True, ignore_first_depends_on_past=False)
    )
    driver.do(past({"other": TaskState.SUCCESS}))
    assert driver.dispatched() == ["a"]
    assert driver.why("b", "today") == [
        "it depends on the run before: 'b' has no task instance in the run before, 'yesterday'"
    ]


def test_a_run_without_a_logical_date_depends_on_nothing() -> None:
    driver = Driver(dag(task("a", depends_on_past=True)))
    driver.trigger()
    assert driver.dispatched() == ["a"]


def test_a_skip_may_wait_for_the_past_too() -> None:
    def skipped(**fields: bool) -> str:
        up = task("up")
        down = task("down", "up", depends_on_past=True, trigger_rule=TriggerRule.ALL_FAILED, **fields)
        driver = today(up, down)
        driver.do(past({"down": TaskState.FAILED}))
        driver.finish("up", run_id="today")
        return driver.state("down", "today")

    assert skipped() == "skipped"
    assert skipped(wait_for_past_depends_before_skipping=True) == "none"


def test_a_deleted_past_is_not_waited_for() -> None:
    driver = two_days(task("a", depends_on_past=True))
    driver.do(DeleteRun(dag_id="d", run_id="yesterday"))
    assert driver.dispatched() == ["a"]


def test_a_run_that_is_added_in_between_becomes_the_past() -> None:
    driver = two_days(task("a", depends_on_past=True))
    driver.trigger("between", logical_date=YESTERDAY + timedelta(hours=1))
    driver.finish("a", run_id="yesterday")
    assert driver.state("a", "today") == "none"
    assert "'between'" in driver.why("a", "today")[0]


def test_what_ended_in_the_same_batch_counts_more_than_what_the_store_said() -> None:
    driver = two_days(task("a", depends_on_past=True))
    driver.finish("a", run_id="yesterday")
    driver.finish("a", run_id="today")
    driver.trigger("tomorrow", logical_date=TODAY + timedelta(days=1))
    driver.do(
        PastKnown(
            run_key=RunKey("d", "tomorrow"),
            past_run_id="today",
            past_date=TODAY,
            states={"a": TaskState.RUNNING},
        )
    )
    assert driver.dispatched() == ["a"]


def test_the_past_may_be_of_a_version_that_did_not_depend_on_it() -> None:
    driver = Driver(dag(task("a"), task("b")))
    driver.trigger("yesterday", logical_date=YESTERDAY)
    driver.learn(dag(task("a", wait_for_downstream=True), task("b", "a")), version="v2")
    driver.trigger("today", logical_date=TODAY)
    driver.do(past({}))
    driver.finish("a", run_id="yesterday")
    assert driver.dispatched() == []
    driver.finish("b", run_id="yesterday")
    assert driver.dispatched() == ["a"]

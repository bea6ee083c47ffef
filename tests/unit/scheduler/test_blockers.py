"""Every state in which a task can wait says what it waits for. Topics with a file of their own are tested there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from etesian.lifecycle.records import RunKey, TaskKey
from etesian.lifecycle.state import TaskState
from etesian.protocol.commands import ClearTasks, TaskSelection
from etesian.protocol.reports import Deferred, Failed, Rescheduled, Skipped, Succeeded
from etesian.spec.trigger_rule import TriggerRule
from tests.unit.scheduler.driver import START, Driver, dag, task


def texts(driver: Driver, run_id: str = "r") -> list[str]:
    return [blocker.text for blocker in driver.core.blockers(RunKey("d", run_id), driver.now)]


def waiting_in(state: TaskState) -> Driver:  # noqa: C901 - a flat match: one line per state
    """Return a core in which task ``b`` is in that state."""
    driver = Driver(dag(task("a"), task("b", "a", retries=1, pool="p")), pools={"p": 1})
    driver.trigger()
    if state is TaskState.NONE:
        return driver
    driver.finish("a")
    match state:
        case TaskState.SCHEDULED:
            driver = Driver(dag(task("b", pool="p")), pools={"p": 0})
            driver.trigger()
        case TaskState.RUNNING | TaskState.RESTARTING:
            driver.claim("b")
        case TaskState.UP_FOR_RETRY:
            driver.fail("b")
        case TaskState.UP_FOR_RESCHEDULE:
            driver.finish("b", Rescheduled(at=START + timedelta(minutes=5)))
        case TaskState.DEFERRED:
            driver.finish("b", Deferred(trigger_class="t.T", trigger_kwargs=b"{}", method="m"))
        case TaskState.AWAITING_INPUT:
            driver.finish(
                "b", Deferred(trigger_class="", trigger_kwargs=b"{}", method="m", awaiting_input=b"{}")
            )
        case TaskState.SUCCESS | TaskState.SKIPPED | TaskState.FAILED:
            outcome = {"success": Succeeded(), "skipped": Skipped()}
            driver.finish("b", outcome.get(state, Failed(reason="boom", retry=False)))
        case TaskState.UPSTREAM_FAILED:
            driver = Driver(dag(task("a"), task("b", "a")))
            driver.trigger()
            driver.fail("a")
    if state is TaskState.RESTARTING:
        driver.do(ClearTasks(selection=TaskSelection(dag_id="d", run_ids=("r",), task_ids=("b",))))
    return driver


@pytest.mark.parametrize("state", [state for state in TaskState if state is not TaskState.REMOVED])
def test_a_task_says_why_in_every_state_in_which_it_can_wait_and_in_no_other(state: TaskState) -> None:
    driver = waiting_in(state)

    assert driver.state("b") == state
    waits = not state.is_final and state is not TaskState.RUNNING
    assert bool(driver.why("b")) is waits


def test_asking_why_changes_no_decision() -> None:
    """Two cores are told the same; one of them is asked all the time."""
    asked, silent = (
        Driver(
            dag(*(task(f"t{number}", pool="p", pool_slots=1 + number % 3) for number in range(9))),
            pools={"p": 3},
        )
        for _ in range(2)
    )
    for driver in (asked, silent):
        driver.trigger()
    while any(record.state is TaskState.QUEUED for record in silent.tasks.values()):
        for number in range(9):
            asked.why(f"t{number}")
        name = next(key.task_id for key, record in silent.tasks.items() if record.state is TaskState.QUEUED)
        asked.finish(name)
        silent.finish(name)
        assert asked.dispatched() == silent.dispatched()
    assert asked.run_states() == silent.run_states() == {"r": "success"}


def test_unfinished_upstream_tasks_are_named() -> None:
    driver = Driver(dag(task("a"), task("b"), task("c", "a", "b", trigger_rule=TriggerRule.ALL_DONE)))
    driver.trigger()
    driver.claim("b")
    assert driver.why("c") == [
        "upstream 'a' is queued",
        "upstream 'b' is running",
        "the trigger rule of 'c' is all_done",
    ]


def test_a_thousand_upstream_tasks_are_counted() -> None:
    many = [task(f"t{number}") for number in range(1000)]
    driver = Driver(dag(*many, task("z", *(each.task_id for each in many))))
    driver.trigger()
    assert driver.why("z")[-1] == "980 more upstream task instances are not finished"


def test_indirect_setups_are_named() -> None:
    driver = Driver(dag(task("up", is_setup=True), task("a", "up"), task("b", "a")))
    driver.trigger()
    assert driver.why("b") == ["it needs the setups up; 0 of 1 are done", "upstream 'a' is none"]


def test_a_queued_task_waits_for_a_worker() -> None:
    driver = Driver(dag(task("a")), queued_timeout=timedelta(minutes=1))
    driver.trigger()
    (text,) = driver.why("a")
    assert text.startswith(
        "executor 'local' has it since 2030-01-01 00:00:00 UTC, but no worker has claimed it"
    )
    assert text.endswith("it is dispatched anew at 2030-01-01 00:01:00 UTC")


def test_parallelism_is_named_with_those_that_hold_it() -> None:
    driver = Driver(dag(task("a"), task("b")), parallelism=1)
    driver.trigger()
    assert driver.why("b") == ["parallelism has 0 of 1 slots free; held by 'a'"]


def test_all_full_accounts_are_named_not_only_the_first() -> None:
    driver = Driver(
        dag(task("a", pool="p"), task("b", pool="p"), max_active_tasks=1), pools={"p": 1}, parallelism=1
    )
    driver.trigger()
    assert [text.split(" has ")[0] for text in driver.why("b")] == ["run 'r'", "pool 'p'", "parallelism"]


def test_a_sensor_says_when_it_looks_again() -> None:
    driver = Driver(dag(task("a")))
    driver.trigger()
    driver.finish("a", Rescheduled(at=START + timedelta(minutes=5)))
    assert driver.why("a") == ["the sensor looks again at 2030-01-01 00:05:00 UTC"]


def test_a_task_that_is_being_stopped_says_so() -> None:
    driver = Driver(dag(task("a")))
    driver.trigger()
    driver.claim("a", hostname="north")
    driver.do(ClearTasks(selection=TaskSelection(dag_id="d", run_ids=("r",))))
    assert driver.why("a") == ["it was cleared; north is stopping its process"]


def test_finished_and_running_tasks_wait_for_nothing() -> None:
    driver = Driver(dag(task("a"), task("b", "a")))
    driver.trigger()
    driver.claim("a")
    assert driver.why("a") == []
    driver.finish("a")
    assert driver.why("a") == []


def test_a_task_of_a_queued_run_waits_for_its_run() -> None:
    driver = Driver(dag(task("a"), max_active_runs=1))
    driver.trigger("1")
    driver.trigger("2")
    key = TaskKey("d", "2", "a")
    expected = "the run is queued: 1 of 1 active runs are taken (1)"
    assert [blocker.text for blocker in driver.core.blockers(key, driver.now)] == [expected]
    assert texts(driver, "2") == ["1 of 1 active runs are taken (1)"]


def test_a_run_for_later_says_when() -> None:
    driver = Driver(dag(task("a")))
    driver.trigger(run_after=START + timedelta(hours=1))
    assert texts(driver) == ["the run may start at 2030-01-01 01:00:00 UTC"]


def test_a_running_run_says_what_is_left() -> None:
    driver = Driver(dag(task("a"), task("b", "a")))
    driver.trigger()
    assert texts(driver) == ["2 task instances are not finished (none, queued)"]


def test_what_is_not_in_memory_waits_for_nothing() -> None:
    driver = Driver()
    assert driver.core.blockers(RunKey("d", "r"), START) == []
    assert driver.core.blockers(TaskKey("d", "r", "a"), START) == []

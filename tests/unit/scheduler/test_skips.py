from __future__ import annotations

from etesian.protocol.commands import ClearTasks, TaskSelection
from etesian.protocol.reports import Skipped, Succeeded
from etesian.spec.task import GroupSpec, LiteralInput, MapSpec
from etesian.spec.trigger_rule import TriggerRule
from tests.unit.scheduler.driver import Driver, dag, task


def branch() -> Driver:
    driver = Driver(
        dag(
            task("choose"),
            task("left", "choose"),
            task("right", "choose"),
            task("below", "right"),
            task("join", "left", "right", trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS),
        )
    )
    driver.trigger()
    driver.finish("choose", Succeeded(skip=("right",)))
    return driver


def clear(*task_ids: str, **fields: bool) -> ClearTasks:
    return ClearTasks(selection=TaskSelection(dag_id="d", run_ids=("r",), task_ids=task_ids, **fields))


def test_a_branch_skips_what_it_did_not_choose_and_what_follows_from_it() -> None:
    driver = branch()
    assert driver.states() == {
        "choose": "success",
        "left": "queued",
        "right": "skipped",
        "below": "skipped",
        "join": "none",
    }
    assert (driver.record("right").skipped_by, driver.record("below").skipped_by) == ("choose", None)
    driver.finish("left")
    assert driver.state("join") == "queued"


def test_a_cleared_task_stays_skipped_while_its_branch_is_not_cleared() -> None:
    driver = branch()
    driver.do(clear("right"))
    assert driver.state("right") == "skipped"


def test_a_branch_that_is_cleared_decides_anew() -> None:
    driver = branch()
    driver.do(clear("choose", downstream=True))
    driver.finish("choose", Succeeded(skip=("left",)))
    assert (driver.state("left"), driver.state("right")) == ("skipped", "queued")


def test_a_short_circuit_may_skip_tasks_whose_own_rule_would_let_them_run() -> None:
    driver = Driver(dag(task("a"), task("b", "a"), task("c", "b", trigger_rule=TriggerRule.ALL_DONE)))
    driver.trigger()
    driver.finish("a", Succeeded(skip=("b", "c")))
    assert driver.states() == {"a": "success", "b": "skipped", "c": "skipped"}
    assert driver.run().state == "success"


def test_a_branch_in_a_mapped_group_decides_for_its_own_index() -> None:
    group = GroupSpec(group_id="g", mapped=MapSpec(inputs={"x": LiteralInput(length=2)}))
    driver = Driver(dag(task("choose", group="g"), task("work", "choose", group="g"), groups=(group,)))
    driver.trigger()
    driver.finish("choose[0]", Succeeded(skip=("work",)))
    driver.finish("choose[1]")
    assert (driver.state("work[0]"), driver.state("work[1]")) == ("skipped", "queued")


def test_a_task_may_skip_itself() -> None:
    driver = Driver(dag(task("a"), task("b", "a")))
    driver.trigger()
    driver.finish("a", Skipped(reason="nothing to do"))
    assert driver.states() == {"a": "skipped", "b": "skipped"}
    assert driver.record("a").reason == "nothing to do"


def test_skips_cascade_through_ten_thousand_tasks() -> None:
    tasks = [task("t0"), *(task(f"t{number}", f"t{number - 1}") for number in range(1, 10_000))]
    driver = Driver(dag(*tasks))
    driver.trigger()
    driver.finish("t0", Skipped())
    assert set(driver.states().values()) == {"skipped"}
    assert driver.run().state == "success"

from __future__ import annotations

import sys

import pytest

from etesian.protocol.commands import ClearTasks, TaskSelection
from etesian.protocol.reports import Skipped, Succeeded
from etesian.scheduler.core.decisions import DeleteTaskInstances
from etesian.scheduler.core.events import XComPushed
from etesian.spec.task import GroupSpec, LiteralInput, MapSpec, XComInput
from etesian.spec.trigger_rule import TriggerRule
from tests.unit.scheduler.driver import Driver, dag, pushed, task


def over(*task_ids: str, **fields: object) -> MapSpec:
    return MapSpec(inputs={"x": XComInput(task_ids=task_ids, **fields)})  # type: ignore[arg-type]  # fields as given


def literal(length: int) -> MapSpec:
    return MapSpec(inputs={"x": LiteralInput(length=length)})


def mapped_run(length: int | None = 2) -> Driver:
    driver = Driver(dag(task("list"), task("work", "list", mapped=over("list")), task("join", "work")))
    driver.trigger()
    driver.finish("list", pushed(length))
    return driver


def clear(*task_ids: str, **fields: bool) -> ClearTasks:
    return ClearTasks(selection=TaskSelection(dag_id="d", run_ids=("r",), task_ids=task_ids, **fields))


def test_a_literal_is_expanded_when_the_run_starts() -> None:
    driver = Driver(dag(task("a", mapped=literal(3))))
    driver.trigger()
    assert driver.dispatched() == ["a[0]", "a[1]", "a[2]"]
    assert driver.workloads[0].map_lengths == {"x": 3}


def test_a_placeholder_becomes_task_instances_when_the_length_is_known() -> None:
    driver = Driver(dag(task("list"), task("work", "list", mapped=over("list")), task("join", "work")))
    driver.trigger()
    assert driver.states() == {"list": "queued", "work": "none", "join": "none"}
    placeholder = driver.record("work").key
    driver.finish("list", pushed(2))
    assert driver.decided(DeleteTaskInstances) == [DeleteTaskInstances(keys=(placeholder,))]
    assert driver.states() == {"list": "success", "work[0]": "queued", "work[1]": "queued", "join": "none"}
    assert driver.workloads[-1].map_lengths == {"x": 2}


def test_a_value_that_was_pushed_by_hand_decides_the_length() -> None:
    driver = Driver(dag(task("list", retries=1), task("work", "list", mapped=over("list"))))
    driver.trigger()
    driver.claim("list")
    driver.do(XComPushed(attempt_id=driver.open_attempt("list"), key="return_value", length=5))
    driver.fail("list")
    driver.wait(hours=1)  # what the first try pushed is forgotten
    driver.claim("list")
    driver.do(XComPushed(attempt_id=driver.open_attempt("list"), key="return_value", length=2))

    driver.finish("list", Succeeded())

    assert driver.dispatched() == ["work[0]", "work[1]"]


def test_what_is_below_waits_for_all_task_instances() -> None:
    driver = mapped_run()
    driver.finish("work[1]")
    assert driver.state("join") == "none"
    assert driver.why("join") == ["upstream 'work[0]' is queued"]
    driver.finish("work[0]")
    assert driver.state("join") == "queued"


def test_one_failed_task_instance_fails_what_is_below() -> None:
    driver = mapped_run()
    driver.fail("work[0]")
    assert driver.state("join") == "upstream_failed"


def test_an_empty_list_skips_the_task() -> None:
    driver = mapped_run(0)
    assert driver.states() == {"list": "success", "work": "skipped", "join": "skipped"}
    assert driver.record("work").reason == "it is mapped over an empty list"


def test_a_task_mapped_over_nothing_hides_no_failure_above() -> None:
    driver = Driver(dag(task("list"), task("other"), task("work", "list", "other", mapped=over("list"))))
    driver.trigger()
    driver.finish("list", pushed(0))
    assert driver.why("work") == ["upstream 'other' is queued"]
    driver.fail("other")
    assert driver.state("work") == "upstream_failed"
    assert driver.run().state == "failed"


@pytest.mark.parametrize(
    ("rule", "other"), [(TriggerRule.ALL_SUCCESS, "finish"), (TriggerRule.ALL_DONE, "fail")]
)
def test_a_task_mapped_over_nothing_is_skipped_when_its_turn_comes(rule: TriggerRule, other: str) -> None:
    driver = Driver(dag(task("other"), task("work", "other", mapped=literal(0), trigger_rule=rule)))
    driver.trigger()
    assert driver.state("work") == "none"
    driver = driver.successor()
    getattr(driver, other)("other")
    assert driver.state("work") == "skipped"
    assert driver.record("work").reason == "it is mapped over an empty list"


def test_a_group_mapped_over_nothing_hides_no_failure_above() -> None:
    group = GroupSpec(group_id="g", mapped=literal(0))
    tasks = (task("other"), task("a", "other", group="g"), task("b", "a", group="g"))
    driver = Driver(dag(*tasks, groups=(group,)))
    driver.trigger()
    assert driver.states() == {"other": "queued", "a": "none", "b": "none"}
    driver.fail("other")
    assert driver.states() == {"other": "failed", "a": "upstream_failed", "b": "upstream_failed"}


def test_a_value_without_length_fails_the_task_and_says_why() -> None:
    driver = mapped_run(None)
    assert driver.state("work") == "failed"
    assert (
        driver.record("work").reason == "'list' gave no list or dict to be mapped over (XCom 'return_value')"
    )


def test_a_source_that_fails_or_is_skipped_decides_for_the_mapped_task() -> None:
    spec = dag(task("list"), task("work", "list", mapped=over("list"), trigger_rule=TriggerRule.ALL_DONE))
    failed, skipped = Driver(spec), Driver(spec)
    failed.trigger()
    failed.fail("list")
    assert failed.state("work") == "upstream_failed"
    skipped.trigger()
    skipped.finish("list", Skipped())
    assert skipped.state("work") == "skipped"


def test_a_failure_elsewhere_above_is_not_waited_for() -> None:
    driver = Driver(dag(task("list"), task("other"), task("work", "list", "other", mapped=over("list"))))
    driver.trigger()
    driver.fail("other")
    assert driver.state("work") == "upstream_failed"


def test_several_inputs_give_their_product() -> None:
    mapping = MapSpec(inputs={"x": XComInput(task_ids=("list",)), "y": LiteralInput(length=3)})
    driver = Driver(dag(task("list"), task("work", "list", mapped=mapping)))
    driver.trigger()
    driver.finish("list", pushed(2))
    assert len(driver.dispatched()) == 6
    assert driver.workloads[-1].map_lengths == {"x": 2, "y": 3}


@pytest.mark.parametrize(("how", "length"), [("zip", 2), ("zip_longest", 5), ("concat", 11)])
def test_lengths_of_several_tasks_are_combined(how: str, length: int) -> None:
    mapping = over("a", "b", length_of=how, literal_lengths=(4,))
    driver = Driver(dag(task("a"), task("b"), task("work", "a", "b", mapped=mapping)))
    driver.trigger()
    driver.finish("a", pushed(2))
    driver.finish("b", pushed(5))
    assert len(driver.dispatched()) == length


def test_a_task_may_be_mapped_over_the_values_of_a_mapped_task() -> None:
    driver = Driver(
        dag(task("a", mapped=literal(3)), task("b", "a", mapped=over("a"), trigger_rule="all_done"))
    )
    driver.trigger()
    driver.finish("a[0]", pushed(None))
    driver.finish("a[1]", Skipped())
    driver.finish("a[2]", pushed(7))
    assert driver.dispatched() == ["b[0]", "b[1]"]


def test_the_limit_of_task_instances_is_a_setting() -> None:
    driver = Driver(dag(task("a", mapped=literal(11))), max_map_length=10)
    driver.trigger()
    assert driver.record("a").reason == "it would be mapped over 11 items; the limit is 10"
    assert driver.run().state == "failed"


def test_ten_thousand_task_instances_are_made_at_once() -> None:
    driver = mapped_run(10_000)
    assert len(driver.dispatched()) == 16
    assert sum(state == "scheduled" for state in driver.states().values()) == 9_984


def calls_of_one_task(length: int) -> int:
    """Return how many functions are called to end one of so many task instances and to start the next."""
    driver = mapped_run(length)
    driver.finish("work[0]")
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        driver.finish("work[1]")
    finally:
        sys.setprofile(None)
    return calls


def test_a_hundred_thousand_task_instances_cost_no_more_each_than_a_thousand() -> None:
    assert calls_of_one_task(100_000) <= 1.1 * calls_of_one_task(1_000)


def test_a_mapped_group_is_worked_through_depth_first() -> None:
    group = GroupSpec(group_id="g", mapped=literal(2))
    tasks = (task("a", group="g"), task("b", "a", group="g"), task("join", "b"))
    driver = Driver(dag(*tasks, groups=(group,)))
    driver.trigger()
    assert driver.dispatched() == ["a[0]", "a[1]"]
    driver.finish("a[1]")
    assert driver.dispatched() == ["b[1]"]
    driver.fail("a[0]")
    assert driver.states() == {
        "a[0]": "failed",
        "a[1]": "success",
        "b[0]": "upstream_failed",
        "b[1]": "queued",
        "join": "upstream_failed",
    }


def test_a_group_inside_a_mapped_group_is_mapped_with_it() -> None:
    groups = (GroupSpec(group_id="g", mapped=literal(2)), GroupSpec(group_id="g.inner", parent="g"))
    driver = Driver(dag(task("a", group="g"), task("b", "a", group="g.inner"), groups=groups))
    driver.trigger()
    driver.finish("a[0]")
    assert driver.dispatched() == ["b[0]"]


def test_an_empty_group_is_skipped_as_a_whole() -> None:
    group = GroupSpec(group_id="g", mapped=literal(0))
    tasks = (task("a", group="g"), task("b", "a", group="g", trigger_rule=TriggerRule.ALL_DONE))
    driver = Driver(dag(*tasks, groups=(group,)))
    driver.trigger()
    assert driver.states() == {"a": "skipped", "b": "skipped"}


@pytest.mark.parametrize(
    ("length", "states"),
    [
        (1, {"list": "success", "work[0]": "queued", "work[1]": "removed"}),
        (3, {"list": "success", "work[0]": "queued", "work[1]": "queued", "work[2]": "queued"}),
        (0, {"list": "success", "work": "skipped", "work[0]": "removed", "work[1]": "removed"}),
    ],
)
def test_a_new_length_after_a_clear_changes_the_number(length: int, states: dict[str, str]) -> None:
    driver = Driver(dag(task("list"), task("work", "list", mapped=over("list"))))
    driver.trigger()
    driver.finish("list", pushed(2))
    driver.finish("work[0]")
    driver.fail("work[1]")
    driver.do(*(driver.load(driver.run().key), clear("list", downstream=True)))
    driver.finish("list", pushed(length))
    assert driver.states() == states


def test_a_removed_task_instance_comes_back_when_the_list_grows_again() -> None:
    driver = Driver(dag(task("list"), task("work", "list", mapped=over("list")), task("join", "work")))
    driver.trigger()
    driver.finish("list", pushed(2))
    for length, dispatched in ((1, ["work[0]"]), (2, ["work[0]", "work[1]"])):
        driver.do(clear("list", downstream=True))
        driver.finish("list", pushed(length))
        assert driver.dispatched() == dispatched
    driver.finish("work[0]")
    driver.finish("work[1]")
    assert driver.state("join") == "queued"


def test_cleared_task_instances_wait_for_the_new_length_whatever_their_rule() -> None:
    driver = Driver(
        dag(task("list"), task("work", "list", mapped=over("list"), trigger_rule=TriggerRule.ALWAYS))
    )
    driver.trigger()
    assert driver.why("work") == ["how often it runs is known when list has finished"]
    driver.finish("list", pushed(2))
    driver.finish("work[0]", Succeeded())
    driver.do(clear("list", downstream=True))
    assert driver.dispatched() == ["list"]

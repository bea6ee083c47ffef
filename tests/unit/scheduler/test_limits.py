from __future__ import annotations

from etesian.protocol.commands import PauseChanged
from etesian.protocol.reports import Deferred, Rescheduled
from etesian.scheduler.core.events import PoolsSet
from etesian.spec.task import LiteralInput, MapSpec
from tests.unit.scheduler.driver import START, Driver, dag, task


def test_urgent_tasks_go_first() -> None:
    driver = Driver(dag(task("a", priority=1), task("b", priority=5), task("c", priority=3)))
    driver.trigger()
    assert driver.dispatched() == ["b", "c", "a"]


def test_among_equals_the_one_that_waits_longest_goes_first() -> None:
    driver = Driver(dag(task("a"), task("b", "a"), task("z")), parallelism=1)
    driver.trigger()
    assert driver.dispatched() == ["a"]
    driver.now = START.replace(minute=1)
    driver.finish("a")
    assert driver.dispatched() == ["z"]


def test_parallelism_bounds_all_dags_together() -> None:
    driver = Driver(dag(task("a"), task("b")), dag(task("c"), dag_id="e"), parallelism=2)
    driver.trigger()
    driver.trigger(dag_id="e")
    assert driver.dispatched() == []
    driver.finish("a")
    assert driver.dispatched() == ["c"]


def test_a_full_pool_does_not_block_other_pools() -> None:
    tasks = [task(f"narrow{number}", pool="narrow", priority=9) for number in range(3)]
    driver = Driver(dag(*tasks, task("other")), pools={"narrow": 1})
    driver.trigger()
    assert driver.dispatched() == ["narrow0", "other"]
    assert driver.why("narrow1") == ["pool 'narrow' has 0 of 1 slots free; held by 'narrow0'"]
    driver.finish("narrow0")
    assert driver.dispatched() == ["narrow1"]


def test_a_full_run_does_not_block_other_runs() -> None:
    driver = Driver(dag(task("a"), task("b"), task("c"), max_active_tasks=2))
    driver.trigger("one")
    assert driver.dispatched() == ["a", "b"]
    driver.trigger("two")
    assert driver.dispatched() == ["a", "b"]
    assert driver.why("c", "one") == ["run 'one' has 0 of 2 slots free; held by 'a', 'b'"]


def test_a_task_may_take_several_slots() -> None:
    driver = Driver(dag(task("a", pool="p", pool_slots=2), task("b", pool="p", pool_slots=2)), pools={"p": 3})
    driver.trigger()
    assert driver.dispatched() == ["a"]
    driver.finish("a")
    assert driver.dispatched() == ["b"]


def test_free_slots_are_kept_for_a_more_urgent_task_that_needs_several() -> None:
    tasks = (
        task("first", pool="p", priority=9),
        task("big", pool="p", pool_slots=2, priority=5),
        task("small", pool="p"),
    )
    driver = Driver(dag(*tasks), pools={"p": 2})
    driver.trigger()
    assert driver.dispatched() == ["first"]
    assert driver.why("small") == ["free slots of pool 'p' are kept for a more urgent task that needs 2"]
    driver.finish("first")
    assert driver.dispatched() == ["big"]


def test_a_task_that_can_never_fit_blocks_nobody_and_says_so() -> None:
    driver = Driver(
        dag(task("huge", pool="p", pool_slots=5, priority=9), task("small", pool="p")), pools={"p": 2}
    )
    driver.trigger()
    assert driver.dispatched() == ["small"]
    assert driver.why("huge") == ["pool 'p' has 2 slots in all, and it needs 5"]
    driver.do(PoolsSet(pools={"p": (6, False)}))
    assert driver.dispatched() == ["huge"]


def test_tasks_of_a_pool_that_does_not_exist_wait_for_it() -> None:
    driver = Driver(dag(task("a", pool="missing")))
    driver.trigger()
    assert driver.why("a") == ["pool 'missing' has 0 slots in all, and it needs 1"]
    driver.do(PoolsSet(pools={"missing": (1, False)}))
    assert driver.dispatched() == ["a"]


def test_a_pool_may_be_without_limit() -> None:
    driver = Driver(dag(*(task(f"t{number}", pool="p") for number in range(16))), pools={"p": -1})
    driver.trigger()
    assert len(driver.dispatched()) == 16


def test_a_pool_that_shrinks_stops_nothing_but_starts_nothing_either() -> None:
    driver = Driver(dag(*(task(name, pool="p") for name in "abc")), pools={"p": 2})
    driver.trigger()
    driver.do(PoolsSet(pools={"p": (1, False)}))
    driver.finish("a")
    assert driver.dispatched() == []
    driver.finish("b")
    assert driver.dispatched() == ["c"]


def test_deferred_tasks_hold_slots_of_a_pool_that_counts_them() -> None:
    driver = Driver(dag(task("a", pool="p"), task("b", pool="p")))
    driver.do(PoolsSet(pools={"p": (1, True)}))
    driver.trigger()
    driver.finish("a", Deferred(trigger_class="t", trigger_kwargs=b"{}", method="m"))
    assert driver.dispatched() == []
    driver.do(PoolsSet(pools={"p": (1, False)}))
    assert driver.dispatched() == ["b"]


def test_a_task_may_be_limited_over_all_runs_of_its_dag() -> None:
    driver = Driver(dag(task("a", max_active_per_dag=1), task("b")))
    driver.trigger("one")
    driver.trigger("two")
    assert driver.dispatched() == ["b"]
    assert driver.why("a", "two") == ["task 'a' has 0 of 1 slots free; held by 'a'"]
    driver.finish("a", run_id="one")
    assert driver.dispatched() == ["a"]


def test_a_task_may_be_limited_within_one_run() -> None:
    mapped = MapSpec(inputs={"x": LiteralInput(length=3)})
    driver = Driver(dag(task("a", mapped=mapped, max_active_per_run=1)))
    driver.trigger("one")
    assert driver.dispatched() == ["a[0]"]
    driver.trigger("two")
    assert driver.dispatched() == ["a[0]"]
    driver.finish("a[0]", run_id="one")
    assert driver.dispatched() == ["a[1]"]


def test_a_sensor_that_looks_again_later_holds_no_slot_meanwhile() -> None:
    driver = Driver(dag(task("sensor", is_sensor=True), task("b")), parallelism=1)
    driver.trigger()
    assert driver.dispatched() == ["sensor"]
    driver.finish("sensor", Rescheduled(at=START.replace(minute=5)))
    assert driver.state("sensor") == "up_for_reschedule"
    assert driver.dispatched() == ["b"]
    driver.finish("b")
    driver.now = START.replace(minute=5)
    driver.do()
    assert driver.dispatched() == ["sensor"]
    assert driver.record("sensor").try_number == 1


def test_no_task_starves_while_others_keep_coming() -> None:
    driver = Driver(dag(task("a", pool="p", pool_slots=1), max_active_runs=1000), pools={"p": 2})
    big = dag(task("big", pool="p", pool_slots=2), dag_id="big")
    driver.learn(big)
    driver.trigger("0")
    driver.trigger("1")
    driver.trigger("wanted", dag_id="big")
    for number in range(2, 12):
        driver.now = START.replace(second=number)
        driver.trigger(str(number))
    driver.finish("a", run_id="0")
    driver.finish("a", run_id="1")
    assert driver.dispatched() == ["big"]


def test_a_pool_that_became_too_small_for_one_task_is_not_kept_for_it() -> None:
    tasks = (
        task("holds", pool="p", priority=9),
        task("big", pool="p", pool_slots=2, priority=5),
        task("small", pool="p"),
    )
    driver = Driver(dag(*tasks), pools={"p": 2})
    driver.trigger()
    assert driver.dispatched() == ["holds"]
    driver.do(PoolsSet(pools={"p": (1, False)}))
    driver.finish("holds")
    assert driver.dispatched() == ["small"]


def test_slots_are_not_kept_for_a_task_whose_dag_is_paused() -> None:
    big = dag(task("big", pool="p", pool_slots=2, priority=9), dag_id="big")
    driver = Driver(dag(task("holds", pool="p"), task("small", "holds", pool="p")), big, pools={"p": 2})
    other = dag(task("waits", pool="p"), dag_id="other")
    driver.learn(other)
    driver.trigger()
    driver.trigger(dag_id="big")
    driver.trigger(dag_id="other")
    assert driver.dispatched() == []
    driver.do(PauseChanged(dag_id="big", is_paused=True))
    assert driver.dispatched() == ["waits"]

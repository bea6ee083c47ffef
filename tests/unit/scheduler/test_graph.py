from __future__ import annotations

from etesian.lifecycle.state import RunType
from etesian.scheduler.core.graph import DagGraph
from etesian.spec.dag import DagSpec
from etesian.spec.schedule import ContinuousSchedule
from etesian.spec.task import GroupSpec, LiteralInput, MapSpec, TaskSpec
from tests.unit.scheduler.driver import dag, task

MAPPED = MapSpec(inputs={"x": LiteralInput(length=2)})


def graph(*tasks: TaskSpec, **fields: object) -> DagGraph:
    return of(dag(*tasks, **fields))  # type: ignore[arg-type]  # fields as given


def of(spec: DagSpec) -> DagGraph:
    return DagGraph(spec, version_hash="v", code_hash="c", bundle="b")


def leaves(dag_graph: DagGraph) -> set[str]:
    return {each.task_id for each in dag_graph.tasks if each.is_leaf}


def test_edges_are_numbers_in_both_directions() -> None:
    dag_graph = graph(task("a"), task("b", "a"), task("c", "a", "b"))
    assert [each.upstream for each in dag_graph.tasks] == [(), (0,), (0, 1)]
    assert [each.downstream for each in dag_graph.tasks] == [(1, 2), (2,), ()]
    assert dag_graph.collect_below(0) == {1, 2}
    assert dag_graph.collect_above(2) == {0, 1}


def test_leaves_are_what_counts_for_the_run() -> None:
    up, work = task("up", is_setup=True), task("work", "up")
    assert leaves(graph(task("a"), task("b", "a"), task("c", "a"))) == {"b", "c"}
    assert leaves(graph(up, work, task("down", "up", "work", is_teardown=True))) == {"work"}
    loud = task("down", "up", "work", is_teardown=True, on_failure_fail_dag_run=True)
    assert leaves(graph(up, work, loud)) == {"down"}
    assert leaves(graph(task("down", is_teardown=True))) == {"down"}


def test_edges_within_a_mapped_group_are_told_apart() -> None:
    groups = (
        GroupSpec(group_id="g", mapped=MAPPED),
        GroupSpec(group_id="g.h", parent="g"),
        GroupSpec(group_id="k"),
    )
    tasks = (task("a"), task("b", "a", group="g"), task("c", "b", group="g.h"), task("d", "c", group="k"))
    a, b, c, d = graph(*tasks, groups=groups).tasks
    assert (a.downstream, a.downstream_within) == ((1,), ())
    assert (b.downstream, b.downstream_within) == ((), (2,))
    assert (c.upstream, c.upstream_within) == ((), (1,))
    assert (c.downstream, d.upstream) == ((3,), (2,))
    assert b.expansion is c.expansion
    assert d.expansion is None


def test_a_setup_guards_the_tasks_between_it_and_its_teardown() -> None:
    tasks = (
        task("up", is_setup=True),
        task("a", "up"),
        task("b", "a"),
        task("down", "up", "b", is_teardown=True),
        task("after", "down"),
        task("beside", "a"),
    )
    guarded = {each.task_id for each in graph(*tasks).tasks if each.setups}
    assert guarded == {"b"}


def test_a_setup_without_a_teardown_guards_all_below() -> None:
    tasks = (task("up", is_setup=True), task("a", "up"), task("b", "a"), task("c", "b"))
    assert {each.task_id for each in graph(*tasks).tasks if each.setups} == {"b", "c"}


def test_a_continuous_dag_has_one_run_at_a_time() -> None:
    assert graph(schedule=ContinuousSchedule(), max_active_runs=16).max_active_runs == 1


def test_run_types_may_be_restricted() -> None:
    assert graph().allows(RunType.MANUAL)
    assert not graph(allowed_run_types=("scheduled",)).allows(RunType.MANUAL)

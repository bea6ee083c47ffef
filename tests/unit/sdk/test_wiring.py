from __future__ import annotations

import pytest

from etesian import DAG, Label, TaskGroup, chain, chain_linear, cross_downstream
from etesian.sdk.exceptions import AirflowDagCycleException, InvalidDagError, TaskAlreadyInTaskGroup
from etesian.sdk.tasks.operator import BaseOperator


def tasks(names: str) -> list[BaseOperator]:
    return [BaseOperator(task_id=name) for name in names]


def edges(dag: DAG) -> set[str]:
    return {f"{before}>{task.task_id}" for task in dag.tasks for before in task.upstream_task_ids}


def test_arrows_wire_in_their_direction_and_give_back_the_right_side() -> None:
    with DAG("d") as dag:
        a, b, c = tasks("abc")
        assert (a >> b) is b
        assert (a << c) is c
    assert edges(dag) == {"a>b", "c>a"}
    assert (a.downstream_task_ids, a.upstream_task_ids) == ({"b"}, {"c"})


def test_lists_stand_for_all_their_parts_on_either_side() -> None:
    with DAG("d") as dag:
        a, b, c, d, e = tasks("abcde")
        a >> [b, c] >> d
        [b, (c,)] << e
    assert edges(dag) == {"a>b", "a>c", "b>d", "c>d", "e>b", "e>c"}


def test_set_upstream_and_set_downstream_take_one_or_many() -> None:
    with DAG("d") as dag:
        a, b, c, d = tasks("abcd")
        a.set_downstream([b, c])
        d.set_upstream(b)
    assert edges(dag) == {"a>b", "a>c", "b>d"}


def test_wiring_twice_is_wiring_once() -> None:
    with DAG("d") as dag:
        a, b = tasks("ab")
        a >> b
        b << a
    assert edges(dag) == {"a>b"}


def test_a_task_without_a_dag_joins_that_of_its_neighbour() -> None:
    dag = DAG("d")
    first, second = BaseOperator(task_id="a", dag=dag), BaseOperator(task_id="b")
    first >> second
    assert dag.task_ids == ["a", "b"]


def test_tasks_without_any_dag_cannot_be_wired() -> None:
    a, b = tasks("ab")
    with pytest.raises(InvalidDagError, match="'a' and 'b' are put in order but belong to no DAG"):
        a >> b


def test_tasks_of_two_dags_cannot_be_wired() -> None:
    a, b = BaseOperator(task_id="a", dag=DAG("one")), BaseOperator(task_id="b", dag=DAG("two"))
    with pytest.raises(InvalidDagError, match="'a' of 'one' and 'b' of 'two'"):
        a >> b


def test_only_things_of_the_dag_can_be_wired() -> None:
    with DAG("d"):
        (a,) = tasks("a")
        with pytest.raises(InvalidDagError, match="got str: 'b'"):
            a >> "b"


def test_relatives_are_found_at_any_distance() -> None:
    with DAG("d") as dag:
        a, b, c, d = tasks("abcd")
        a >> b >> c
        d >> c
    assert c.get_flat_relative_ids(upstream=True) == {"a", "b", "d"}
    assert [task.task_id for task in a.get_flat_relatives()] == ["b", "c"]
    assert ([t.task_id for t in dag.roots], [t.task_id for t in dag.leaves]) == (["a", "d"], ["c"])


class TestChains:
    def test_chain_wires_neighbours_and_lists_pairwise(self) -> None:
        with DAG("d") as dag:
            a, b, c, d, e, f = tasks("abcdef")
            chain(a, [b, c], [d, e], f)
        assert edges(dag) == {"a>b", "a>c", "b>d", "c>e", "d>f", "e>f"}

    def test_chain_refuses_lists_of_different_lengths(self) -> None:
        with DAG("d"):
            a, b, c = tasks("abc")
            with pytest.raises(InvalidDagError, match="one has 1 parts and the next 2"):
                chain([a], [b, c])

    def test_chain_linear_wires_each_with_each_and_skips_empty_lists(self) -> None:
        with DAG("d") as dag:
            a, b, c, d = tasks("abcd")
            chain_linear([a, b], [], [c, d])
        assert edges(dag) == {"a>c", "a>d", "b>c", "b>d"}

    def test_chain_linear_needs_two_parts(self) -> None:
        with pytest.raises(InvalidDagError, match="at least two parts to wire, got 0"):
            chain_linear([], [])

    def test_cross_downstream_wires_each_with_each(self) -> None:
        with DAG("d") as dag:
            a, b, c, d = tasks("abcd")
            cross_downstream([a, b], [c, d])
        assert edges(dag) == {"a>c", "a>d", "b>c", "b>d"}


class TestLabels:
    def test_a_label_is_put_on_each_edge_that_it_stands_between(self) -> None:
        with DAG("d") as dag:
            a, b, c, d = tasks("abcd")
            a >> Label("good") >> [b, c]
            d << Label("late") << b
        assert edges(dag) == {"a>b", "a>c", "b>d"}
        assert dag.get_edge_info("a", "b") == {"label": "good"}
        assert dag.get_edge_info("a", "c") == {"label": "good"}
        assert dag.get_edge_info("b", "d") == {"label": "late"}

    def test_a_label_between_groups_marks_the_edges_between_their_ends(self) -> None:
        with DAG("d") as dag:
            with TaskGroup("g") as g:
                a, b = tasks("ab")
                a >> b
            with TaskGroup("h") as h:
                tasks("c")
            g >> Label("then") >> h
        assert dag.edge_info == {"g.b": {"h.c": {"label": "then"}}}

    def test_labels_work_in_chains(self) -> None:
        with DAG("d") as dag:
            a, b, c = tasks("abc")
            chain(a, [Label("x"), Label("y")], [b, c])
        assert (dag.get_edge_info("a", "b"), dag.get_edge_info("a", "c")) == ({"label": "x"}, {"label": "y"})


class TestGroups:
    def test_ids_are_prefixed_at_every_depth_unless_told_not_to(self) -> None:
        with DAG("d") as dag, TaskGroup("g") as outer:
            BaseOperator(task_id="a")
            with TaskGroup("h"):
                BaseOperator(task_id="b")
            with TaskGroup("i", prefix_group_id=False):
                BaseOperator(task_id="c")
        assert dag.task_ids == ["g.a", "g.h.b", "c"]
        assert list(dag.task_group.get_task_group_dict()) == [None, "g", "g.h", "g.i"]
        assert [dag.get_task(name).label for name in dag.task_ids] == ["a", "b", "c"]
        assert outer.get_child_by_label("a") is dag.get_task("g.a")

    def test_a_group_is_wired_by_its_first_and_last_tasks(self) -> None:
        with DAG("d") as dag:
            x, y = tasks("xy")
            with TaskGroup("g") as g:
                a, b, c = tasks("abc")
                a >> [b, c]
            x >> g >> y
        assert edges(dag) == {"x>g.a", "g.a>g.b", "g.a>g.c", "g.b>y", "g.c>y"}

    def test_groups_are_wired_with_groups_and_lists(self) -> None:
        with DAG("d") as dag:
            with TaskGroup("g") as g:
                tasks("a")
            with TaskGroup("h") as h:
                tasks("b")
            (x,) = tasks("x")
            [g, x] >> h
        assert edges(dag) == {"g.a>h.b", "x>h.b"}

    def test_a_group_knows_its_dag_and_what_was_put_around_it(self) -> None:
        with DAG("d") as dag:
            first, last = tasks("ab")
            with TaskGroup("g") as group:
                (inside,) = tasks("c")
            first >> group >> last
        assert (group.dag_id, group.get_dag(), group.has_dag()) == ("d", dag, True)
        assert (group.upstream_list, group.downstream_list) == ([first], [last])
        assert inside.get_dag() is dag

    def test_an_empty_group_connects_nothing(self) -> None:
        with DAG("d") as dag:
            a, b = tasks("ab")
            a >> TaskGroup("g") >> b
        assert edges(dag) == set()

    def test_a_taken_name_gets_a_suffix_where_that_is_wanted(self) -> None:
        with DAG("d"):
            TaskGroup("g")
            assert TaskGroup("g", add_suffix_on_collision=True).group_id == "g__1"

    def test_a_group_outside_of_a_dag_is_an_error(self) -> None:
        with pytest.raises(InvalidDagError, match="task group 'g' is made outside of a DAG"):
            TaskGroup("g")

    def test_a_group_may_be_given_its_dag(self) -> None:
        dag = DAG("d")
        with TaskGroup("g", dag=dag) as group:
            task = BaseOperator(task_id="t")
        assert (task.task_id, task.dag, task.task_group) == ("g.t", dag, group)

    def test_a_task_cannot_be_in_two_groups(self) -> None:
        with DAG("d"):
            with TaskGroup("g"):
                task = BaseOperator(task_id="t")
            with pytest.raises(
                TaskAlreadyInTaskGroup, match=r"'g\.t' is in group 'g' already; it cannot join 'h'"
            ):
                TaskGroup("h").add(task)


class TestSetupAndTeardown:
    def test_as_teardown_wires_its_setups_and_waits_for_them_only(self) -> None:
        with DAG("d") as dag:
            create, work, delete = tasks("cwd")
            create >> work >> delete.as_teardown(setups=create)
        assert edges(dag) == {"c>w", "w>d", "c>d"}
        assert (create.is_setup, delete.is_teardown, delete.trigger_rule.value) == (
            True,
            True,
            "all_done_setup_success",
        )

    def test_tasks_made_in_the_block_go_between(self) -> None:
        with DAG("d") as dag:
            create, delete = tasks("cd")
            with delete.as_teardown(setups=create):
                a, b, _ = tasks("abx")
                a >> b
        assert edges(dag) == {"c>d", "c>a", "a>b", "b>d", "c>x", "x>d"}

    def test_setup_then_teardown_opens_a_block_too(self) -> None:
        with DAG("d") as dag:
            create, delete = tasks("cd")
            create.as_setup()
            delete.as_teardown()
            with create >> delete:
                tasks("a")
        assert edges(dag) == {"c>d", "c>a", "a>d"}

    def test_blocks_may_be_nested(self) -> None:
        with DAG("d") as dag:
            s1, t1, s2, t2 = (BaseOperator(task_id=name) for name in ("s1", "t1", "s2", "t2"))
            with t1.as_teardown(setups=s1), t2.as_teardown(setups=s2):
                tasks("a")
        assert {"s2>a", "a>t2", "s1>t1", "s2>t2"} <= edges(dag)

    def test_teardowns_do_not_end_a_group(self) -> None:
        with DAG("d") as dag:
            with TaskGroup("g") as g:
                s, w, t = tasks("swt")
                s >> w >> t.as_teardown(setups=s)
            (after,) = tasks("z")
            g >> after
        assert {edge for edge in edges(dag) if edge.endswith(">z")} == {"g.w>z"}

    def test_a_task_cannot_be_both(self) -> None:
        with DAG("d"):
            (a,) = tasks("a")
            a.as_setup()
            with pytest.raises(InvalidDagError, match="'a' is a setup and cannot be a teardown as well"):
                a.as_teardown()

    def test_only_a_teardown_can_be_told_to_fail_the_run(self) -> None:
        with DAG("d"):
            a, b = tasks("ab")
            assert a.as_teardown(on_failure_fail_dagrun=True).on_failure_fail_dagrun
            with pytest.raises(InvalidDagError, match="'b' is no teardown"):
                b.on_failure_fail_dagrun = True

    def test_a_block_needs_a_setup_or_teardown(self) -> None:
        with DAG("d"):
            (a,) = tasks("a")
            with pytest.raises(InvalidDagError, match="'a' opens a `with` block but is neither"), a:
                pass


class TestOrder:
    def test_tasks_come_after_their_upstream_and_else_as_they_were_made(self) -> None:
        with DAG("d") as dag:
            _, a, _, d = tasks("cabd")
            d >> a
        assert [task.task_id for task in dag.topological_sort()] == ["c", "b", "d", "a"]

    def test_a_cycle_is_named_by_its_path(self) -> None:
        with DAG("d") as dag:
            a, b, c, x = tasks("abcx")
            x >> a >> b >> c >> a
        with pytest.raises(AirflowDagCycleException) as caught:
            dag.topological_sort()
        assert str(caught.value) == "DAG 'd' has a cycle: a -> b -> c -> a"
        assert caught.value.path == ("a", "b", "c", "a")

    def test_a_task_cannot_wait_for_itself(self) -> None:
        with DAG("d") as dag:
            (a,) = tasks("a")
            a >> a
        with pytest.raises(AirflowDagCycleException, match="a -> a"):
            dag.topological_sort()

from __future__ import annotations

from typing import Any

import pytest

from etesian import DAG, task, task_group
from etesian.operators.bash import BashOperator
from etesian.protocol.reports import Succeeded
from etesian.protocol.requests import GetXCom
from etesian.sdk.exceptions import InvalidDagError, UnmappableOperator
from etesian.sdk.tasks.operator import BaseOperator, MappedOperator
from etesian.sdk.xcoms.xcom import deserialize
from etesian.spec.task import LiteralInput, MapSpec, XComInput


@task
def numbers() -> list[int]:
    return [1, 2, 3]


@task
def letters() -> list[str]:
    return ["a", "b"]


@task
def pair(x: Any, y: Any = None) -> Any:
    return [x, y]


def results(run_task: Any, mapped: Any, count: int) -> list[Any]:
    values = []
    for index in range(count):
        outcome = run_task(mapped, map_index=index)
        assert isinstance(outcome, Succeeded), outcome
        values.append(deserialize(outcome.xcoms[-1].value))
    return values


class TestDescribing:
    def test_expand_over_lists_and_results(self) -> None:
        with DAG("etl") as etl:
            pair.expand(x=[1, 2], y=numbers())
        mapped = etl.get_task("pair")
        assert isinstance(mapped, MappedOperator)
        assert mapped.map_spec() == MapSpec(
            inputs={"x": LiteralInput(length=2), "y": XComInput(task_ids=("numbers",))}
        )
        assert mapped.upstream_task_ids == {"numbers"}
        assert (mapped.task_type, mapped.is_mapped) == ("_PythonDecoratedOperator", True)

    def test_zip_concat_and_map_say_how_lengths_combine(self) -> None:
        with DAG("etl") as etl:
            n, m = numbers(), letters()
            inputs = {
                "zip": n.zip(m, [1]),
                "longest": n.zip(m, fillvalue=None),
                "concat": n.concat(m),
                "map": n.map(str),
                "zipped_map": n.map(str).zip(m),
            }
            for name, value in inputs.items():
                pair.override(task_id=name).expand(x=value)
        specs = {name: etl.get_task(name).map_spec().inputs["x"] for name in inputs}
        assert specs == {
            "zip": XComInput(task_ids=("numbers", "letters"), length_of="zip", literal_lengths=(1,)),
            "longest": XComInput(task_ids=("numbers", "letters"), length_of="zip_longest"),
            "concat": XComInput(task_ids=("numbers", "letters"), length_of="concat"),
            "map": XComInput(task_ids=("numbers",)),
            "zipped_map": XComInput(task_ids=("numbers", "letters"), length_of="zip"),
        }

    def test_operators_are_mapped_with_partial_and_expand(self) -> None:
        with DAG("etl", default_args={"retries": 2, "append_env": True}) as etl:
            BashOperator.partial(task_id="bash", queue="big", env={"A": numbers()}).expand(
                bash_command=["a", "b"]
            )
        mapped = etl.get_task("bash")
        assert (mapped.retries, mapped.queue, mapped.task_type) == (2, "big", "BashOperator")
        assert mapped.template_fields == BashOperator.template_fields
        assert mapped.upstream_task_ids == {"numbers"}
        assert mapped.ui_color == BashOperator.ui_color

    def test_expand_kwargs_is_one_input(self) -> None:
        with DAG("etl") as etl:
            pair.expand_kwargs([{"x": 1, "y": 2}, {"x": 3, "y": 4}])
            pair.partial(y=1).expand_kwargs(numbers().map(lambda n: {"x": n}))
        assert etl.get_task("pair").map_spec() == MapSpec(inputs={"*": LiteralInput(length=2)})
        assert etl.get_task("pair__1").map_spec() == MapSpec(inputs={"*": XComInput(task_ids=("numbers",))})

    @pytest.mark.parametrize(
        ("expand", "message"),
        [
            (lambda: pair.expand(), "expand() needs at least one argument"),
            (lambda: pair.expand(x="abc"), "takes a list, a dict or a task result, got str: 'abc'"),
            (lambda: pair.expand(z=[1]), "has no argument 'z' to map over"),
            (lambda: pair.partial(x=1).expand(x=[1]), "x given to both partial() and expand()"),
            (lambda: pair.expand_kwargs(5), "expand_kwargs() takes a list of dicts or a task result, got 5"),
            (lambda: pair.expand(x=numbers()["k"]), "not over its XCom 'k'"),
            (
                lambda: BashOperator.partial(task_id="b").expand(comand=[1]),
                "has no argument 'comand' to map over",
            ),
            (
                lambda: BashOperator.partial(task_id="b", bash_command="a").expand(pool=["a"]),
                "pool cannot be mapped over: the scheduler needs it before the instances exist",
            ),
        ],
    )
    def test_what_cannot_be_mapped_is_said_when_the_file_is_read(self, expand: Any, message: str) -> None:
        def read_file() -> None:
            with DAG("etl") as etl:
                expand()
            for made in etl.tasks:
                if made.is_directly_mapped:
                    made.map_spec()

        with pytest.raises(UnmappableOperator) as caught:
            read_file()
        assert message in str(caught.value)

    def test_partial_names_unknown_arguments(self) -> None:
        with pytest.raises(TypeError, match=r"partial\(\) of task function 'pair' got unknown arguments z"):
            pair.partial(z=1)

    def test_a_result_cannot_be_iterated_while_the_file_is_read(self) -> None:
        with DAG("etl"), pytest.raises(TypeError, match=r"use expand\(\) to make one task per element"):
            list(numbers())


class TestRunning:
    def test_the_last_argument_varies_fastest(self, run_task: Any) -> None:
        with DAG("etl"):
            n, m = numbers(), letters()
            mapped = pair.expand(x=n, y=m)
        run_task(n)
        run_task(m)
        expected = [[1, "a"], [1, "b"], [2, "a"], [2, "b"], [3, "a"], [3, "b"]]
        assert results(run_task, mapped, 6) == expected

    def test_partial_arguments_may_be_results_and_templates(self, run_task: Any) -> None:
        with DAG("etl"):
            n = numbers()
            mapped = pair.partial(x="{{ ds }}").expand(y=[10, 20])
            whole = pair.partial(x=n).expand(y=[0])
        run_task(n)
        assert results(run_task, mapped, 2) == [["2030-01-02", 10], ["2030-01-02", 20]]
        assert results(run_task, whole, 1) == [[[1, 2, 3], 0]]

    def test_dicts_are_mapped_by_their_pairs(self, run_task: Any) -> None:
        with DAG("etl"):
            mapped = pair.expand(x={"k": 1, "l": 2})
        assert results(run_task, mapped, 2) == [[("k", 1), None], [("l", 2), None]]

    def test_zip_map_and_concat_give_their_elements(self, run_task: Any) -> None:
        with DAG("etl"):
            n, m = numbers(), letters()
            zipped = pair.override(task_id="zip").expand(x=n.zip(m, fillvalue="-"))
            both = pair.override(task_id="concat").expand(x=n.map(lambda v: v * 10).concat(m, ["end"]))
        run_task(n)
        run_task(m)
        assert [x for x, _ in results(run_task, zipped, 3)] == [(1, "a"), (2, "b"), (3, "-")]
        assert [x for x, _ in results(run_task, both, 6)] == [10, 20, 30, "a", "b", "end"]

    def test_results_of_mapped_tasks_are_lists_and_can_be_mapped_again(self, run_task: Any) -> None:
        with DAG("etl"):
            first = pair.expand(x=[1, 2])
            again = pair.override(task_id="again").expand(x=first)
            collect = pair.override(task_id="collect")(first)
        results(run_task, first, 2)
        assert results(run_task, again, 2) == [[[1, None], None], [[2, None], None]]
        assert deserialize(run_task(collect).xcoms[0].value) == [[[1, None], [2, None]], None]

    def test_texts_that_come_from_tasks_are_not_rendered(self, run_task: Any) -> None:
        @task
        def commands() -> list[str]:
            return ["echo '{{ ds }}'"]

        with DAG("etl"):
            found = commands()
            mapped = BashOperator.partial(task_id="bash").expand(bash_command=found)
            literal = BashOperator.partial(task_id="literal").expand(bash_command=["echo {{ ds }}"])
        run_task(found)
        assert results(run_task, mapped, 1) == ["{{ ds }}"]
        assert results(run_task, literal, 1) == ["2030-01-02"]

    def test_expand_kwargs_gives_each_instance_its_arguments(self, run_task: Any) -> None:
        with DAG("etl"):
            n = numbers()
            mapped = pair.expand_kwargs(n.map(lambda v: {"x": v, "y": -v}))
        run_task(n)
        assert results(run_task, mapped, 3) == [[1, -1], [2, -2], [3, -3]]

    def test_one_instance_reads_only_its_element_of_a_mapped_result(
        self, run_task: Any, memory_platform: Any
    ) -> None:
        with DAG("etl"):
            first = pair.expand(x=[1, 2])
            second = pair.override(task_id="second").expand(x=first)
        results(run_task, first, 2)
        memory_platform.requests.clear()
        run_task(second, map_index=1)
        assert [
            request.map_indexes for request in memory_platform.requests if hasattr(request, "map_indexes")
        ] == [(1,)]

    def test_each_instance_asks_for_its_own_element_of_a_list(
        self, run_task: Any, memory_platform: Any
    ) -> None:
        with DAG("etl"):
            listed = task(task_id="listed")(lambda: [10, 20])()
            zipped = pair.expand(x=listed.zip(["a", "b"]))
        run_task(listed)
        memory_platform.requests.clear()
        run_task(zipped, map_index=1)
        asked = [request for request in memory_platform.requests if isinstance(request, GetXCom)]
        assert [(request.task_ids, request.element) for request in asked] == [(("listed",), 1)]

    def test_mapped_operators_get_default_args_of_their_own_class(self, run_task: Any) -> None:
        with DAG("etl", default_args={"env": {"WHO": "defaults"}, "append_env": True}):
            mapped = BashOperator.partial(task_id="b").expand(bash_command=["echo $WHO"])
        assert results(run_task, mapped, 1) == ["defaults"]


class TestMappedGroups:
    def test_tasks_of_the_group_are_mapped_and_wait_for_the_input(self) -> None:
        @task_group
        def part(x: int, y: int) -> Any:
            return pair.override(task_id="b")(pair.override(task_id="a")(x, y))

        with DAG("etl") as etl:
            part.partial(y=5).expand(x=numbers())
        group = etl.task_group.get_task_group_dict()["part"]
        assert group.is_mapped
        assert group.map_spec() == MapSpec(inputs={"x": XComInput(task_ids=("numbers",))})
        assert etl.get_task("part.a").upstream_task_ids == {"numbers"}
        assert etl.get_task("part.b").upstream_task_ids == {"part.a"}
        assert [etl.get_task(name).has_map_indexes for name in ("part.a", "part.b", "numbers")] == [
            True,
            True,
            False,
        ]

    def test_each_instance_sees_its_own_values_and_others_see_all(self, run_task: Any) -> None:
        @task_group
        def part(x: int) -> Any:
            return pair.override(task_id="b")(pair.override(task_id="a")(x))

        with DAG("etl") as etl:
            n = numbers()
            out = part.expand(x=n)
            collect = pair.override(task_id="collect")(out)
        run_task(n)
        assert results(run_task, etl.get_task("part.a"), 3) == [[1, None], [2, None], [3, None]]
        assert results(run_task, etl.get_task("part.b"), 3) == [
            [[1, None], None],
            [[2, None], None],
            [[3, None], None],
        ]
        assert len(deserialize(run_task(collect).xcoms[0].value)[0]) == 3

    def test_mapping_inside_of_a_mapped_group_is_refused(self) -> None:
        @task_group
        def part(x: list[int]) -> None:
            pair.expand(x=x)

        with (
            DAG("etl"),
            pytest.raises(UnmappableOperator, match="'x' is an argument of the mapped group around it"),
        ):
            part.expand(x=[[1], [2]])

    def test_a_mapped_group_inside_of_another_is_refused(self) -> None:
        @task_group
        def inner(x: int) -> None:
            BaseOperator(task_id="t")

        @task_group
        def outer(x: int) -> None:
            inner.expand(x=[1])

        with DAG("etl"), pytest.raises(InvalidDagError, match=r"'outer.inner' is expanded inside of a group"):
            outer.expand(x=[1])

    def test_unknown_arguments_are_named(self) -> None:
        @task_group
        def part(x: int) -> None: ...

        with (
            DAG("etl"),
            pytest.raises(InvalidDagError, match="task group 'part' has no argument 'z'; it has x"),
        ):
            part.expand(z=[1])

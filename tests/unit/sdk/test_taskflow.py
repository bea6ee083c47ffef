from __future__ import annotations

import functools
from typing import Any, TypedDict

import pytest

from etesian import DAG, dag, setup, task, task_group, teardown
from etesian.operators.bash import BashOperator
from etesian.operators.python import BranchPythonOperator, PythonOperator
from etesian.sdk.exceptions import AirflowException, InvalidDagError
from etesian.sdk.tasks.decorated_operator import DecoratedOperator, source_without_decorators
from etesian.sdk.tasks.flavours import Flavour, add_flavour_source, register_flavour
from etesian.sdk.tasks.operator import BaseOperator
from etesian.sdk.tasks.taskflow import infer_multiple_outputs, task_decorator_factory
from etesian.sdk.xcoms.xcom_arg import XComArg


def test_a_call_makes_a_task_and_gives_the_reference_to_its_result() -> None:
    @task
    def extract(n: int) -> list[int]:
        """Extract.

        Read the rows.
        """
        return [n]

    with DAG("etl") as etl:
        result = extract(1)
    operator = etl.get_task("extract")
    assert isinstance(result, XComArg)
    assert result.operator is operator
    assert isinstance(operator, PythonOperator)
    assert (operator.task_type, operator.operator_name) == ("_PythonDecoratedOperator", "@task")
    assert (list(operator.op_args), operator.op_kwargs) == ([1], {})
    assert operator.doc_md is not None
    assert operator.doc_md.startswith("Extract.")
    assert extract.function(2) == [2]


def test_results_passed_on_make_dependencies_wherever_they_are() -> None:
    with DAG("etl") as etl:
        first, second, third = (task(task_id=name)(lambda: 1)() for name in ("a", "b", "c"))
        task(task_id="z")(lambda x, y, z: None)(first, y=[{"deep": second}], z=third["key"])
    assert etl.get_task("z").upstream_task_ids == {"a", "b", "c"}


def test_results_work_in_fields_of_plain_operators_and_when_assigned_later() -> None:
    with DAG("etl") as etl:
        first, second = (task(task_id=name)(lambda: 1)() for name in "ab")
        bash = BashOperator(task_id="bash", bash_command="echo", env={"X": first})
        bash.bash_command = second
    assert etl.get_task("bash").upstream_task_ids == {"a", "b"}


def test_the_same_function_called_again_gets_numbered_ids() -> None:
    @task
    def work() -> None: ...

    with DAG("etl") as etl:
        work()
        work()
        work()
        task_group(group_id="g")(lambda: work())()
    assert etl.task_ids == ["work", "work__1", "work__2", "g.work"]


def test_override_changes_one_call_only() -> None:
    @task(retries=1)
    def work() -> None: ...

    with DAG("etl") as etl:
        work.override(task_id="special", retries=5, trigger_rule="all_done")()
        work()
    special, plain = etl.get_task("special"), etl.get_task("work")
    assert (special.retries, special.trigger_rule.value) == (5, "all_done")
    assert (plain.retries, plain.trigger_rule.value) == (1, "all_success")


def test_arguments_are_checked_when_the_file_is_read() -> None:
    @task
    def work(a: int, ti: Any, b: int, ds: str | None = None) -> None: ...

    with DAG("etl"):
        with pytest.raises(InvalidDagError, match="task 'work' cannot call work\\(\\): missing a required"):
            work(a=1)
        with pytest.raises(InvalidDagError, match="got an unexpected keyword argument 'c'"):
            work(a=1, b=2, c=3)
        work(a=1, b=2)


def test_a_key_of_the_context_may_come_before_an_argument_given_by_position() -> None:
    @task
    def poll(params: dict[str, Any], outcomes: list[str]) -> None: ...

    with DAG("etl") as etl:
        poll({"limit": 3}, ["done"])

    assert etl.get_task("poll").op_args == ({"limit": 3}, ["done"])


def test_an_argument_after_a_key_of_the_context_is_still_required() -> None:
    @task
    def poll(params: dict[str, Any], outcomes: list[str]) -> None: ...

    with DAG("etl"), pytest.raises(InvalidDagError, match="missing a required argument: 'outcomes'"):
        poll({"limit": 3})  # type: ignore[call-arg]


def test_flavours_run_their_operators_and_take_their_arguments() -> None:
    with DAG("etl") as etl:
        task.branch(task_id="branch")(lambda: "x")()
        task.bash(env={"A": "1"}, task_id="bash")(lambda: "echo")()
        task.short_circuit(ignore_downstream_trigger_rules=False, task_id="short")(lambda: True)()
        task.sensor(poke_interval=5, mode="reschedule", task_id="sensor")(lambda: True)()
        task.virtualenv(requirements=["x"], task_id="venv")(lambda: True)()
        task.external_python(python="/usr/bin/python3", task_id="ext")(lambda: True)()
    branch, bash = etl.get_task("branch"), etl.get_task("bash")
    assert isinstance(branch, BranchPythonOperator)
    assert (branch.operator_name, branch.task_type) == ("@task.branch", "_BranchPythonDecoratedOperator")
    assert isinstance(bash, BashOperator)
    assert bash.env == {"A": "1"}
    assert bash.template_fields == ("bash_command", "env", "cwd", "op_args", "op_kwargs")
    assert not etl.get_task("short").ignore_downstream_trigger_rules
    assert (etl.get_task("sensor").task_type, etl.get_task("sensor").is_sensor) == (
        "DecoratedSensorOperator",
        True,
    )
    assert etl.get_task("sensor").poke_interval == 5
    assert etl.get_task("venv").requirements == ["x"]


def test_an_unknown_flavour_says_which_there_are() -> None:
    with pytest.raises(
        AirflowException, match=r"there is no @task.pyspark; there are bash, branch, .*, virtualenv"
    ):
        task.pyspark  # noqa: B018


def test_flavours_can_be_registered_and_found_in_provider_packages() -> None:
    docker = Flavour(name="docker", decorator="functools:lru_cache")
    add_flavour_source(lambda name: docker if name == "docker" else None)
    register_flavour(
        Flavour(name="shell", operator="etesian.operators.bash:BashOperator", result_into="bash_command")
    )
    with DAG("etl") as etl:
        task.shell(task_id="s")(lambda: "echo")()
    assert etl.get_task("s").operator_name == "@task.shell"
    assert task.docker is functools.lru_cache


def test_provider_packages_build_decorators_of_their_own() -> None:
    class DockerDecoratedOperator(DecoratedOperator, BaseOperator):
        custom_operator_name = "@task.docker"

        def __init__(self, *, image: str, **kwargs: Any) -> None:
            super().__init__(kwargs_to_upstream={}, **kwargs)
            self.image = image

    with DAG("etl") as etl:
        task_decorator_factory(decorated_operator_class=DockerDecoratedOperator, image="python", task_id="d")(
            len
        )("x")
    made = etl.get_task("d")
    assert (made.image, made.python_callable, list(made.op_args)) == ("python", len, ["x"])


class Row(TypedDict):
    a: int


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (dict, True),
        (dict[str, int], True),
        ("dict[str, Any]", True),
        (Row, True),
        (list[dict[str, int]], False),
        ("list[int]", False),
        ("OnlyForTypeCheckers", False),
        (None, False),
        (str, False),
    ],
)
def test_several_outputs_are_inferred_from_the_annotation(annotation: Any, expected: bool) -> None:
    def function() -> None: ...

    function.__annotations__["return"] = annotation
    assert infer_multiple_outputs(function) is expected


def test_the_decorator_says_whether_there_are_several_outputs() -> None:
    @task(multiple_outputs=False)
    def work() -> dict[str, int]:
        return {}

    with DAG("etl") as etl:
        work()
    assert not etl.get_task("work").multiple_outputs


def test_setup_and_teardown_decorate_functions_and_tasks() -> None:
    @setup
    def create() -> None: ...

    @teardown(on_failure_fail_dagrun=True)
    @task(retries=2)
    def delete() -> None: ...

    with DAG("etl") as etl:
        create() >> delete()
    assert etl.get_task("create").is_setup
    assert (etl.get_task("delete").is_teardown, etl.get_task("delete").on_failure_fail_dagrun) == (True, True)
    assert etl.get_task("delete").retries == 2


def test_the_result_of_a_teardown_opens_a_block() -> None:
    with DAG("etl") as etl:
        create, delete, work = (task(task_id=name)(lambda: 1) for name in ("create", "delete", "work"))
        made = create()
        with delete().as_teardown(setups=made):
            work()
    assert etl.get_task("work").upstream_task_ids == {"create"}
    assert etl.get_task("work").downstream_task_ids == {"delete"}


def test_only_functions_can_be_tasks() -> None:
    with pytest.raises(InvalidDagError, match="@task decorates functions, got type"):
        task(int)
    with pytest.raises(TypeError, match="given by name"):
        task("load")


def test_run_if_needs_a_task_below() -> None:
    with pytest.raises(TypeError, match="go above a @task decorator"):
        task.run_if(lambda context: True)(lambda: None)  # type: ignore[arg-type]


def test_the_source_for_another_interpreter_has_none_of_our_decorators() -> None:
    def keep(function: Any) -> Any:
        return function

    @task.virtualenv(
        requirements=["x"],
    )
    @keep
    def work(x: int) -> int:
        return x

    assert source_without_decorators(work.function) == "@keep\ndef work(x: int) -> int:\n    return x\n"


class TestDagDecorator:
    def test_the_call_makes_a_dag_named_and_documented_by_the_function(self) -> None:
        @dag(schedule="@daily", tags=["a"])
        def etl() -> None:
            """Load everything."""
            task(task_id="t")(lambda: 1)()

        made = etl()
        assert (made.dag_id, made.doc_md, made.task_ids) == ("etl", "Load everything.", ["t"])
        assert made.fileloc == __file__

    def test_it_works_without_parentheses_and_with_an_id(self) -> None:
        @dag
        def one() -> None: ...

        @dag("second", description="two")
        def two() -> None: ...

        assert (one().dag_id, two().dag_id, two().description) == ("one", "second", "two")

    def test_arguments_become_params(self) -> None:
        @dag()
        def etl(day: str = "monday", n: int = 1) -> None:
            task(task_id="t")(lambda day: day)(day)

        made = etl(n=5)
        assert made.params.dump() == {"day": "monday", "n": 5}


class TestTaskGroupDecorator:
    def test_the_call_makes_a_group_and_gives_what_the_function_returns(self) -> None:
        @task
        def add(x: int) -> int:
            return x + 1

        @task_group
        def twice(x: int) -> XComArg:
            """Add two."""
            return add(add(x))

        with DAG("etl") as etl:
            result = twice(1)
            twice(result)
        assert etl.task_ids == ["twice.add", "twice.add__1", "twice__1.add", "twice__1.add__1"]
        assert etl.get_task("twice__1.add").upstream_task_ids == {"twice.add__1"}
        assert etl.task_group.get_task_group_dict()["twice"].tooltip == "Add two."

    def test_without_a_result_the_group_itself_is_given_back(self) -> None:
        @task_group(group_id="g", default_args={"retries": 3}, prefix_group_id=False)
        def part() -> None:
            task(task_id="t")(lambda: 1)()

        with DAG("etl") as etl:
            group = part()
            after = BaseOperator(task_id="after")
            group >> after
        assert etl.get_task("t").retries == 3
        assert after.upstream_task_ids == {"t"}

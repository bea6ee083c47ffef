"""Tasks that call Python functions, and those that decide what comes after them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from etesian.operators.empty import EmptyOperator
from etesian.operators.python import BranchPythonOperator, PythonOperator, ShortCircuitOperator
from etesian.operators.skipping import BranchError
from etesian.sdk.assets.asset import Asset
from etesian.sdk.assets.asset_events import Metadata
from etesian.sdk.dags.dag import DAG
from etesian.sdk.exceptions import AirflowException, DownstreamTasksSkipped
from etesian.sdk.tasks.task_group import TaskGroup
from etesian.sdk.tasks.task_group_decorator import task_group
from etesian.sdk.tasks.taskflow import task
from tests.unit.memory_platform import DAY, MemoryPlatform, make_context


@pytest.fixture
def dag() -> Iterator[DAG]:
    with DAG("dag", start_date=DAY) as made:
        yield made


def skipped_by(task: Any, **context: Any) -> list[Any]:
    with pytest.raises(DownstreamTasksSkipped) as caught:
        task.execute(make_context(task, **context))
    return list(caught.value.tasks)


# --- PythonOperator ---------------------------------------------------------------------------


def test_a_function_gets_its_own_arguments_and_what_it_names_of_the_context(dag: DAG) -> None:
    def function(x: int, ds: str, *, y: int, ti: Any) -> tuple[Any, ...]:
        return x, ds, y, ti.task_id

    task = PythonOperator(
        task_id="t", python_callable=function, op_args=[1], op_kwargs={"y": 2, "unknown": 3}
    )
    assert task.execute(make_context(task)) == (1, "2030-01-01", 2, "t")


def test_a_function_with_keywords_of_any_name_gets_the_whole_context(dag: DAG) -> None:
    task = PythonOperator(task_id="t", python_callable=lambda **context: context, op_kwargs={"own": 1})
    found = task.execute(make_context(task))
    assert (found["own"], found["run_id"], found["task"]) == (1, "run", task)


def test_own_arguments_win_over_the_context(dag: DAG) -> None:
    task = PythonOperator(task_id="t", python_callable=lambda ds: ds, op_kwargs={"ds": "mine"})
    assert task.execute(make_context(task)) == "mine"


def test_templates_reach_the_function_rendered(dag: DAG) -> None:
    task = PythonOperator(
        task_id="t",
        python_callable=lambda x, templates_dict: (x, templates_dict),
        op_args=["{{ ds }}"],
        templates_dict={"query": "day {{ ds_nodash }}"},
    )
    context = make_context(task)
    task.render_template_fields(context)
    assert task.execute(context) == ("2030-01-01", {"query": "day 20300101"})


def test_a_coroutine_function_is_awaited(dag: DAG) -> None:
    async def function(x: int) -> int:
        return x + 1

    task = PythonOperator(task_id="t", python_callable=function, op_args=[1])
    assert task.is_async
    assert task.execute(make_context(task)) == 2


def test_a_generator_tells_of_outlets(dag: DAG) -> None:
    asset = Asset("a")

    def function() -> Iterator[Metadata]:
        yield Metadata(asset, {"rows": 3})

    task = PythonOperator(task_id="t", python_callable=function, outlets=[asset])
    context = make_context(task)
    task.execute(context)
    assert context["outlet_events"][asset].extra == {"rows": 3}


def test_a_return_value_can_be_kept_out_of_the_log(dag: DAG, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    shown = PythonOperator(task_id="a", python_callable=lambda: "visible")
    hidden = PythonOperator(task_id="b", python_callable=lambda: "private", show_return_value_in_logs=False)
    shown.execute(make_context(shown))
    hidden.execute(make_context(hidden))
    assert "Returned value was: visible" in caplog.text
    assert "private" not in caplog.text


def test_of_a_large_return_value_the_log_shows_the_beginning(
    dag: DAG, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    task = PythonOperator(task_id="a", python_callable=lambda: "x" * 100_000)
    assert task.execute(make_context(task)) == "x" * 100_000
    (message,) = [record.getMessage() for record in caplog.records if "Returned value" in record.getMessage()]
    assert message.endswith(f"{'x' * 100}... ({100_000 - 65_536} more characters)")


def test_a_function_that_returns_nothing_leaves_the_log_alone(
    dag: DAG, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    task = PythonOperator(task_id="a", python_callable=lambda: None)
    task.execute(make_context(task))
    assert caplog.text == ""


def test_something_that_cannot_be_called_is_refused(dag: DAG) -> None:
    with pytest.raises(AirflowException, match="`python_callable` of task 't' must be callable, got 5"):
        PythonOperator(task_id="t", python_callable=5)  # type: ignore[arg-type]


# --- branches ---------------------------------------------------------------------------------


def fan_out(dag: DAG, chosen: Any) -> BranchPythonOperator:
    branch = BranchPythonOperator(task_id="branch", python_callable=lambda: chosen)
    a, b, join = (EmptyOperator(task_id=name) for name in ("a", "b", "join"))
    branch >> [a, b, join]
    [a, b] >> join
    return branch


@pytest.mark.parametrize(
    ("chosen", "skipped"),
    [
        ("a", ["b"]),
        (["b"], ["a"]),
        ("join", ["a", "b"]),
        (None, ["a", "b", "join"]),
        ([], ["a", "b", "join"]),
    ],
)
def test_a_branch_skips_what_it_did_not_choose_and_nothing_after_what_it_chose(
    dag: DAG, platform: MemoryPlatform, chosen: Any, skipped: list[str]
) -> None:
    assert skipped_by(fan_out(dag, chosen)) == skipped
    assert platform.xcoms.get("return_value") == chosen


def test_a_branch_that_chooses_everything_just_returns(dag: DAG, platform: MemoryPlatform) -> None:
    branch = fan_out(dag, ["a", "b"])
    assert branch.execute(make_context(branch)) == ["a", "b"]


def test_choosing_a_group_chooses_its_first_tasks(dag: DAG, platform: MemoryPlatform) -> None:
    branch = BranchPythonOperator(task_id="branch", python_callable=lambda: "g")
    with TaskGroup("g") as group:
        EmptyOperator(task_id="first") >> EmptyOperator(task_id="second")
    branch >> [group, EmptyOperator(task_id="other")]
    assert skipped_by(branch) == ["other"]


@pytest.mark.parametrize("chosen", ["nowhere", ["a", "nowhere"], 5, [5], {"a": 1, "nowhere": 2}])
def test_a_choice_that_is_not_in_the_dag_fails_the_branch(
    dag: DAG, platform: MemoryPlatform, chosen: Any
) -> None:
    branch = fan_out(dag, chosen)
    with pytest.raises(BranchError, match=r"task 'branch'.*chose|must choose"):
        branch.execute(make_context(branch))


def test_a_branch_in_a_mapped_group_skips_for_its_own_index_only(dag: DAG, platform: MemoryPlatform) -> None:
    @task
    def work() -> None:
        """Do."""

    @task_group
    def group(x: int) -> None:
        branch = BranchPythonOperator(task_id="branch", python_callable=lambda: None)
        branch >> work()

    group.expand(x=[1, 2])
    branch = dag.get_task("group.branch")
    assert skipped_by(branch, map_index=1) == [("group.work", 1)]


# --- short circuit ----------------------------------------------------------------------------


def test_a_true_condition_goes_on_and_is_the_result(dag: DAG) -> None:
    task = ShortCircuitOperator(task_id="t", python_callable=lambda: [1])
    task >> EmptyOperator(task_id="a")
    assert task.execute(make_context(task)) == [1]


@pytest.mark.parametrize(("ignore", "skipped"), [(True, ["a", "b"]), (False, ["a"])])
def test_a_false_condition_skips_what_follows_but_no_teardown(
    dag: DAG, platform: MemoryPlatform, ignore: bool, skipped: list[str]
) -> None:
    task = ShortCircuitOperator(
        task_id="t", python_callable=lambda: False, ignore_downstream_trigger_rules=ignore
    )
    a, b, last = (EmptyOperator(task_id=name) for name in ("a", "b", "last"))
    task >> a >> b >> last.as_teardown()
    assert skipped_by(task) == skipped
    assert platform.xcoms["return_value"] is False


def test_a_false_condition_with_nothing_after_it_succeeds(dag: DAG) -> None:
    task = ShortCircuitOperator(task_id="t", python_callable=lambda: 0)
    assert task.execute(make_context(task)) == 0

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from etesian import DAG, Param
from etesian.operators.empty import EmptyOperator
from etesian.protocol.workloads import RunCallback, RunContext
from etesian.sdk.attempts.execution import execute_callback
from etesian.sdk.dags.deadline import DeadlineAlert, DeadlineReference, SyncCallback
from etesian.sdk.exceptions import AirflowException, AirflowSensorTimeout, TaskNotFound

DAY = datetime(2030, 1, 2, tzinfo=UTC)
RUN = RunContext(dag_id="etl", run_id="r", run_type="scheduled", run_after=DAY, logical_date=DAY)

pytestmark = pytest.mark.usefixtures("memory_platform")


def workload(kind: str, task_id: str | None = None, **kwargs: Any) -> RunCallback:
    return RunCallback(
        attempt_id="a", callback_id="c", run=RUN, kind=kind, task_id=task_id, file="etl.py", **kwargs
    )


@pytest.mark.parametrize("kind", ["execute", "success", "failure", "retry", "skipped"])
def test_each_kind_of_task_callback_is_told_of_its_task(kind: str) -> None:
    seen: list[Any] = []

    def callback(context: Any) -> None:
        ti = context["ti"]
        seen.append(
            (
                ti.task_id,
                ti.try_number,
                ti.map_index,
                ti.state,
                context["ds"],
                str(context.get("exception", "")),
            )
        )

    with DAG("etl") as dag:
        EmptyOperator(task_id="t", **{f"on_{kind}_callback": callback})
    call = workload(kind, "t", try_number=2, map_index=3, state="failed", reason="ValueError: no header")
    execute_callback(dag, call)
    exception = "ValueError: no header" if kind in ("failure", "retry") else ""
    assert seen == [("t", 2, 3, "failed", "2030-01-02", exception)]


class NoHeaderError(LookupError):
    """An author's exception with a constructor of its own."""

    def __init__(self, file: str, line: int) -> None:
        super().__init__(f"{file}:{line} has no header")


@pytest.mark.parametrize(
    ("error_type", "reason", "expected"),
    [
        ("builtins.ValueError", "ValueError: no header", ValueError("no header")),
        ("builtins.KeyError", "KeyError: 'x'", KeyError("'x'")),
        (
            f"{__name__}.NoHeaderError",
            "NoHeaderError: a.csv:1 has no header",
            LookupError("a.csv:1 has no header"),
        ),
        (
            "etesian.sdk.exceptions.AirflowSensorTimeout",
            "AirflowSensorTimeout: late",
            AirflowSensorTimeout("late"),
        ),
        ("builtins.SystemExit", "SystemExit: 3", AirflowException("SystemExit: 3")),
        ("antigravity.Error", "Error: x", AirflowException("Error: x")),
        (None, "its worker was lost", AirflowException("its worker was lost")),
    ],
)
def test_a_callback_gets_an_exception_of_the_type_that_was_raised(
    error_type: str | None, reason: str, expected: Exception
) -> None:
    seen: list[Exception] = []
    with DAG("etl") as dag:
        EmptyOperator(task_id="t", on_failure_callback=lambda context: seen.append(context["exception"]))

    execute_callback(dag, workload("failure", "t", state="failed", reason=reason, error_type=error_type))

    assert isinstance(seen[0], type(expected))
    assert seen[0].args == expected.args
    assert "antigravity" not in sys.modules


def test_a_callback_of_the_run_is_told_of_the_run_and_its_last_task() -> None:
    seen: list[Any] = []

    def callback(context: Any) -> None:
        seen.append(
            (context["dag_run"].state, context["dag"].dag_id, context["ti"].task_id, context["reason"])
        )

    with DAG("etl", on_failure_callback=callback) as dag:
        EmptyOperator(task_id="a") >> EmptyOperator(task_id="b")
    execute_callback(dag, workload("failure", state="failed", reason="task b failed"))
    assert seen == [("failed", "etl", "b", "task b failed")]


def test_all_callbacks_are_called_and_the_first_failure_is_raised() -> None:
    seen: list[str] = []

    def fail(context: Any) -> None:
        raise RuntimeError("chat is down")

    with DAG("etl") as dag:
        EmptyOperator(task_id="t", on_failure_callback=[fail, lambda context: seen.append("second")])
    with pytest.raises(RuntimeError, match="chat is down"):
        execute_callback(dag, workload("failure", "t"))
    assert seen == ["second"]


def test_coroutine_callbacks_are_awaited() -> None:
    seen: list[str] = []

    async def callback(context: Any) -> None:
        seen.append(context["ti"].task_id)

    with DAG("etl") as dag:
        EmptyOperator(task_id="t", on_success_callback=callback)
    execute_callback(dag, workload("success", "t"))
    assert seen == ["t"]


def test_a_conf_that_a_schema_refuses_does_not_stop_the_failure_callback() -> None:
    seen: list[Any] = []
    with DAG("etl", params={"n": Param(1, type="integer")}) as dag:
        EmptyOperator(task_id="t", on_failure_callback=lambda context: seen.append(context["params"]))
    run = RunContext(dag_id="etl", run_id="r", run_type="manual", run_after=DAY, conf={"n": "x"})
    execute_callback(
        dag, RunCallback(attempt_id="a", callback_id="c", run=run, kind="failure", task_id="t", file="f")
    )
    assert seen == [{"n": "x"}]


def test_an_sla_callback_gets_the_arguments_that_it_always_got() -> None:
    seen: list[Any] = []

    def callback(dag: Any, task_list: Any, blocking_task_list: Any, slas: Any, blocking_tis: Any) -> None:
        seen.append((dag.dag_id, task_list, len(slas)))

    with DAG("etl", sla_miss_callback=callback) as dag:
        EmptyOperator(task_id="late")
    execute_callback(dag, workload("sla_miss"))
    assert seen == [("etl", "late", 1)]


def test_a_deadline_callback_gets_its_own_arguments_and_the_context_if_it_names_it() -> None:
    seen: list[Any] = []

    def callback(text: str, context: Any) -> None:
        seen.append((text, context["run_id"]))

    alert = DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=1),
        callback=SyncCallback(callback, kwargs={"text": "late"}),
    )
    with DAG("etl", deadline=alert) as dag:
        EmptyOperator(task_id="t")
    execute_callback(dag, workload("deadline"))
    assert seen == [("late", "r")]


@pytest.mark.parametrize(("missed", "told"), [(0, ["soon"]), (1, ["late"]), (2, [])])
def test_only_the_callback_of_the_deadline_that_was_missed_is_called(missed: int, told: list[str]) -> None:
    seen: list[str] = []
    alerts = [
        DeadlineAlert(
            reference=DeadlineReference.DAGRUN_QUEUED_AT,
            interval=timedelta(minutes=minutes),
            callback=SyncCallback(lambda text: seen.append(text), kwargs={"text": text}),
        )
        for minutes, text in ((1, "soon"), (60, "late"))
    ]
    with DAG("etl", deadline=alerts) as dag:
        EmptyOperator(task_id="t")
    execute_callback(dag, workload("deadline", deadline=missed))
    assert seen == told


def test_a_task_that_is_gone_is_an_error_that_names_it() -> None:
    with pytest.raises(TaskNotFound, match="DAG 'etl' has no task 'gone'"):
        execute_callback(DAG("etl"), workload("failure", "gone"))

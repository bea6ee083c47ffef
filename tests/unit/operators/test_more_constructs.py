"""Operators of an author's own: branches, asynchronous work, labels of mapped instances, jobs that are found again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from etesian import DAG, get_current_context, task
from etesian.compat.tasks.base_operators import BaseAsyncOperator
from etesian.operators.branch import BaseBranchOperator
from etesian.operators.empty import EmptyOperator
from etesian.operators.skipping import SkipMixin
from etesian.sdk.exceptions import DagRunTriggerException
from etesian.sdk.running.dag_run import DagRun
from etesian.sdk.tasks.operator import BaseOperator
from etesian.sdk.tasks.resumable import ResumableJobMixin
from etesian.sdk.trigger import StartTriggerArgs
from etesian.testing import run_dag


class ByConf(BaseBranchOperator):
    """Chooses what the run's conf says."""

    def choose_branch(self, context: Any) -> Any:
        return context["dag_run"].conf["choose"]


def test_a_branch_of_ones_own_chooses() -> None:
    with DAG("etl") as dag:
        ByConf(task_id="choose") >> [EmptyOperator(task_id="a"), EmptyOperator(task_id="b")]
    run = run_dag(dag, conf={"choose": "b"})
    assert (run.states["a"], run.states["b"]) == ("skipped", "success")


class Double(BaseAsyncOperator):
    """Doubles after a pause of the event loop."""

    def __init__(self, *, number: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.number = number

    async def aexecute(self, context: Any) -> Any:
        await asyncio.sleep(0)
        return 2 * self.number


def test_an_async_operator_is_awaited_in_the_worker() -> None:
    with DAG("etl") as dag:
        Double(task_id="double", number=4)
    assert run_dag(dag).task("double").xcom == 8


def test_instances_may_be_labelled_by_a_template() -> None:
    @task(map_index_template="{{ country }} of {{ ds }}")
    def load(country: str) -> None:
        get_current_context()["country"] = country.upper()

    with DAG("etl") as dag:
        load.expand(country=["no", "se"])
    run = run_dag(dag, logical_date="2030-01-02T00:00+00:00")
    assert [run.task(f"load[{index}]").name for index in range(2)] == ["NO of 2030-01-02", "SE of 2030-01-02"]


class Job(ResumableJobMixin, BaseOperator):
    """A job whose first wait is cut off; ``ended_as`` is what became of it meanwhile."""

    started: ClassVar[list[str]] = []
    waits: ClassVar[int] = 0

    def __init__(self, *, ended_as: str = "running", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ended_as = ended_as

    def execute(self, context: Any) -> Any:
        return self.execute_resumable(context)

    def submit_job(self, context: Any) -> str:
        Job.started.append(f"job{len(Job.started) + 1}")
        return Job.started[-1]

    def get_job_status(self, external_id: Any, context: Any) -> str:
        return self.ended_as

    def is_job_active(self, status: str) -> bool:
        return status == "running"

    def is_job_succeeded(self, status: str) -> bool:
        return status == "done"

    def poll_until_complete(self, external_id: Any, context: Any) -> None:
        Job.waits += 1
        if Job.waits == 1:
            raise RuntimeError("the worker is gone")

    def get_job_result(self, external_id: Any, context: Any) -> Any:
        return external_id, Job.waits


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        ({}, ("job1", 2)),
        ({"ended_as": "done"}, ("job1", 1)),
        ({"ended_as": "lost"}, ("job2", 2)),
        ({"durable": False}, ("job2", 2)),
    ],
)
def test_a_job_is_found_again_after_a_crash(
    arguments: dict[str, Any], result: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Job, "started", [])
    monkeypatch.setattr(Job, "waits", 0)
    with DAG("etl") as dag:
        Job(task_id="job", retries=1, **arguments)
    assert run_dag(dag).task("job").xcom == result


class Asks(BaseOperator):
    """Asks for a run as operators of provider packages do."""

    def execute(self, context: Any) -> Any:
        raise DagRunTriggerException(
            trigger_dag_id="other",
            dag_run_id=DagRun.generate_run_id("manual", logical_date=datetime(2030, 1, 2, tzinfo=UTC)),
            conf={"a": 1},
            reset_dag_run=False,
            skip_when_already_exists=False,
            wait_for_completion=False,
            allowed_states=["success"],
            failed_states=["failed"],
            poke_interval=1,
            deferrable=False,
            note="why",
        )


def test_an_operator_of_a_provider_package_may_start_a_run() -> None:
    with DAG("etl") as dag:
        Asks(task_id="ask")
    run = run_dag(dag)
    (asked,) = run.store.triggered
    assert (asked.dag_id, asked.run_id) == ("other", "manual__2030-01-02T00:00:00+00:00")
    assert (asked.conf, asked.note) == ({"a": 1}, "why")
    assert run.states == {"ask": "success"}


class SkipsByName(BaseOperator, SkipMixin):
    """Skips what follows, with all arguments given by name."""

    def execute(self, context: Any) -> Any:
        self.skip(ti=context["ti"], tasks=iter(self.get_direct_relatives(upstream=False)))


def test_tasks_to_skip_may_be_given_by_name() -> None:
    with DAG("etl") as dag:
        SkipsByName(task_id="skip") >> EmptyOperator(task_id="after")
    assert run_dag(dag).states == {"skip": "success", "after": "skipped"}


class StartsElsewhere(BaseOperator):
    """Waits on the triggerer before it does anything."""

    start_from_trigger = True
    start_trigger_args = StartTriggerArgs(
        trigger_cls="etesian.triggers.temporal.DateTimeTrigger",
        trigger_kwargs={"moment": "2030-01-01T00:00:00+00:00"},
        next_method="go_on",
        next_kwargs={"word": "done"},
    )

    def execute(self, context: Any) -> Any:
        raise AssertionError("it begins on the triggerer")

    def go_on(self, context: Any, word: str, event: Any = None) -> Any:
        return word, event is not None


def test_a_task_may_begin_on_the_triggerer() -> None:
    with DAG("etl") as dag:
        StartsElsewhere(task_id="wait")
    assert run_dag(dag).task("wait").xcom == ("done", True)

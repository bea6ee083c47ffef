"""Tasks that start runs of other DAGs."""

from __future__ import annotations

from typing import Any

import pytest

from etesian.operators.trigger_dagrun import (
    DagIsPaused,
    TriggerDagRunOperator,
    TriggeredRunFailedError,
)
from etesian.protocol.requests import ClearRun, TriggerRun
from etesian.sdk.dags.dag import DAG
from etesian.sdk.exceptions import (
    AirflowSkipException,
    DagNotFound,
    DagRunAlreadyExists,
    TaskDeferred,
)
from etesian.sdk.tasks.operator_link import compute_links
from etesian.triggers.external_task import DagStateTrigger
from tests.unit.memory_platform import DAY, MemoryPlatform, make_context, run_info, using_platform


def operator(**arguments: Any) -> TriggerDagRunOperator:
    with DAG("dag", start_date=DAY):
        return TriggerDagRunOperator(task_id="t", trigger_dag_id="other", **arguments)


def start(**arguments: Any) -> None:
    task = operator(**arguments)
    context = make_context(task)
    task.render_template_fields(context)
    task.execute(context)


def test_a_run_is_started_with_rendered_conf_date_and_note(platform: MemoryPlatform) -> None:
    start(conf={"day": "{{ ds }}"}, logical_date="{{ logical_date }}", trigger_run_id="r-{{ ds }}", note="n")
    assert platform.requests[0] == TriggerRun(
        dag_id="other", run_id="r-2030-01-01", logical_date=DAY, conf={"day": "2030-01-01"}, note="n"
    )
    assert platform.xcoms == {"trigger_run_id": "r-2030-01-01"}


def test_without_a_date_the_run_gets_the_moment_of_starting_and_none_means_none(
    platform: MemoryPlatform,
) -> None:
    start(trigger_run_id="a")
    start(trigger_run_id="b", logical_date=None)
    dates = [request.logical_date for request in platform.requests if isinstance(request, TriggerRun)]
    assert dates[0] is not None
    assert dates[1] is None


def test_a_run_may_be_due_later(platform: MemoryPlatform) -> None:
    start(run_after=DAY)
    assert isinstance(platform.requests[0], TriggerRun)
    assert (platform.requests[0].run_after, platform.requests[0].logical_date) == (DAY, None)


def test_the_task_links_to_the_run_that_it_started(platform: MemoryPlatform) -> None:
    task = operator(trigger_run_id="r 1")
    assert dict(compute_links(operator(), make_context(task)["ti"])) == {}
    context = make_context(task)
    task.execute(context)
    assert dict(compute_links(task, context["ti"])) == {"_link_Triggered DAG": "/dags/other/runs/r%201"}


def test_conf_may_be_json_text_and_must_be_json(platform: MemoryPlatform) -> None:
    start(conf='{"a": 1}')
    assert isinstance(platform.requests[0], TriggerRun)
    assert platform.requests[0].conf == {"a": 1}
    with pytest.raises(TriggeredRunFailedError, match="JSON Serializable"):
        start(conf={"a": object()})


def test_a_run_that_exists_fails_skips_or_is_cleared(platform: MemoryPlatform) -> None:
    platform.runs.append(run_info("r"))
    with pytest.raises(DagRunAlreadyExists, match="run_id=r"):
        start(trigger_run_id="r")
    with pytest.raises(AirflowSkipException, match="has a run 'r' already"):
        start(trigger_run_id="r", skip_when_already_exists=True)
    start(trigger_run_id="r", reset_dag_run=True)
    assert ClearRun(dag_id="other", run_id="r") in platform.requests


@pytest.mark.parametrize(("state", "fails"), [("success", False), ("failed", True)])
def test_waiting_ends_with_the_state_of_the_run(platform: MemoryPlatform, state: str, fails: bool) -> None:
    platform.runs.append(run_info("r", state=state))
    arguments = {"trigger_run_id": "r", "reset_dag_run": True, "wait_for_completion": True}
    if fails:
        with pytest.raises(TriggeredRunFailedError, match="run 'r' of DAG 'other' ended as failed"):
            start(**arguments)
    else:
        start(**arguments)


def test_waiting_looks_again_until_the_run_ends(platform: MemoryPlatform) -> None:
    class EndsAtThirdLook(MemoryPlatform):
        def ask(self, request: Any) -> Any:
            if len(self.requests) == 5:
                self.runs[:] = [run_info("r", state="failed")]
            return super().ask(request)

    with using_platform(EndsAtThirdLook()) as changing:
        start(
            trigger_run_id="r",
            wait_for_completion=True,
            poke_interval=0.001,
            allowed_states=["failed"],
            failed_states=[],
        )
    assert len(changing.requests) == 6


def test_a_deferrable_task_waits_on_the_triggerer(platform: MemoryPlatform) -> None:
    with pytest.raises(TaskDeferred) as caught:
        start(trigger_run_id="r", wait_for_completion=True, deferrable=True, poke_interval=7)
    trigger = caught.value.trigger
    assert isinstance(trigger, DagStateTrigger)
    assert trigger.serialize()[1] == {
        "dag_id": "other",
        "states": ["success", "failed"],
        "run_ids": ["r"],
        "execution_dates": None,
        "poll_interval": 7,
    }
    task = operator()
    task.execute_complete(make_context(task), {"r": "success"})
    with pytest.raises(TriggeredRunFailedError):
        task.execute_complete(make_context(task), {"r": "failed"})


def test_a_paused_or_unknown_dag_is_not_started_when_that_is_asked(platform: MemoryPlatform) -> None:
    with pytest.raises(DagNotFound, match="no DAG 'other'"):
        start(fail_when_dag_is_paused=True)
    platform.specs["other"] = b"{}"
    platform.paused.add("other")
    with pytest.raises(DagIsPaused, match="other is paused"):
        start(fail_when_dag_is_paused=True)
    assert not any(isinstance(request, TriggerRun) for request in platform.requests)


def test_the_callable_of_airflow_1_fills_in_the_order_or_wants_none(platform: MemoryPlatform) -> None:
    def order(context: Any, run: Any) -> Any:
        run.payload = {"task": context["task"].task_id}
        run.run_id = "ordered"
        return run

    start(python_callable=order)
    assert isinstance(platform.requests[0], TriggerRun)
    assert (platform.requests[0].run_id, platform.requests[0].conf) == ("ordered", {"task": "t"})
    with pytest.raises(AirflowSkipException, match="wants no run"):
        start(python_callable=lambda context, run: None)

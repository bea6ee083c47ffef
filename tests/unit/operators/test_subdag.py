"""DAGs that run as a task of another one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from etesian.operators.empty import EmptyOperator
from etesian.operators.subdag import SubDagOperator
from etesian.operators.trigger_dagrun import TriggeredRunFailedError
from etesian.protocol.requests import ClearRun, TaskStateItem, TriggerRun
from etesian.sdk.dags.dag import DAG
from etesian.sdk.dags.dag_loading import load_dags
from etesian.sdk.dags.spec_building import build_spec
from etesian.sdk.exceptions import DownstreamTasksSkipped, TaskDeferred
from etesian.spec.schedule import NoSchedule
from tests.unit.memory_platform import DAY, MemoryPlatform, make_context, run_info, using_platform

FILE = """
from datetime import datetime, timedelta
from etesian import DAG
from etesian.operators.empty import EmptyOperator
from etesian.operators.subdag import SubDagOperator
def section(parent, name):
    made = DAG(f"{parent}.{name}", schedule=timedelta(days=1), start_date=datetime(2030, 1, 1))
    EmptyOperator(task_id="inside", dag=made)
    return made
with DAG("outer", schedule="@daily", start_date=datetime(2030, 1, 1)) as dag:
    EmptyOperator(task_id="first") >> SubDagOperator(task_id="section", subdag=section("outer", "section"))
"""


def operator(**arguments: Any) -> SubDagOperator:
    with DAG("dag.section", start_date=DAY, schedule=timedelta(days=1)) as inner:
        EmptyOperator(task_id="a"), EmptyOperator(task_id="b")
    with DAG("dag", start_date=DAY):
        section = SubDagOperator(task_id="section", subdag=inner, **arguments)
        section >> EmptyOperator(task_id="after")
    return section


def test_a_file_defines_the_inner_dag_too_which_has_no_schedule_and_is_not_paused(tmp_path: Path) -> None:
    path = tmp_path / "outer.py"
    path.write_text(FILE)
    dags = load_dags(path, dags_folder=tmp_path)
    assert list(dags) == ["outer", "outer.section"]
    assert dags["outer"].task_ids == ["first", "section"]
    assert dags["outer"].subdags == [dags["outer.section"]]
    inner = build_spec(dags["outer.section"], file="outer.py")
    assert (inner.schedule, inner.is_paused_upon_creation) == (NoSchedule(), False)


def test_the_inner_dag_runs_for_the_same_period_and_is_waited_for_without_a_slot(
    platform: MemoryPlatform,
) -> None:
    task = operator(conf={"k": 1}, mode="reschedule", timeout=3600)
    end = DAY + timedelta(days=1)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(make_context(task, data_interval_start=DAY, data_interval_end=end))
    assert platform.requests[0] == TriggerRun(
        dag_id="dag.section", run_id="run", logical_date=DAY, data_interval=(DAY, end), conf={"k": 1}
    )
    assert msgspec.msgpack.encode(platform.requests[0])  # plain dates, which can be sent
    assert deferred.value.method_name == "execute_complete"
    with pytest.raises(TriggeredRunFailedError, match="ended as failed"):
        task.execute_complete(make_context(task), {"run": "failed"})


class ClearingPlatform(MemoryPlatform):
    """A platform whose runs run again once they are cleared."""

    def ask(self, request: Any) -> Any:
        """Answer one request."""
        if isinstance(request, ClearRun):
            self.runs[:] = [msgspec.structs.replace(run, state="running") for run in self.runs]
        return super().ask(request)


@pytest.mark.parametrize(("state", "only_failed"), [("failed", True), ("success", False), ("running", None)])
def test_a_run_that_is_there_is_done_again_as_far_as_needed(state: str, only_failed: bool | None) -> None:
    platform = ClearingPlatform()
    platform.runs.append(run_info("run", dag_id="dag.section", state=state))
    task = operator()
    with using_platform(platform), pytest.raises(TaskDeferred):
        task.execute(make_context(task))
    clears = [request.only_failed for request in platform.requests if isinstance(request, ClearRun)]
    assert clears == ([] if only_failed is None else [only_failed])


@pytest.mark.parametrize(
    ("option", "states", "is_skipped"),
    [
        ("any_leaf", ("skipped", "success"), True),
        ("all_leaves", ("skipped", "success"), False),
        ("all_leaves", ("skipped", "skipped"), True),
        (None, ("skipped", "skipped"), False),
    ],
)
def test_skipped_last_tasks_may_skip_what_comes_after(
    platform: MemoryPlatform, option: str | None, states: tuple[str, str], is_skipped: bool
) -> None:
    platform.tasks += [
        TaskStateItem(run_id="run", task_id=task_id, state=state)
        for task_id, state in zip("ab", states, strict=True)
    ]
    task = operator(propagate_skipped_state=option)
    if not is_skipped:
        task.execute_complete(make_context(task), {"run": "success"})
        return
    with pytest.raises(DownstreamTasksSkipped, match="after"):
        task.execute_complete(make_context(task), {"run": "success"})


def test_older_operators_skip_with_the_run_and_its_date() -> None:
    task = operator()
    context = make_context(task)
    with pytest.raises(DownstreamTasksSkipped) as skipped:
        task.skip(context["dag_run"], context["logical_date"], task.downstream_list, session=None)
    assert skipped.value.tasks == ["after"]

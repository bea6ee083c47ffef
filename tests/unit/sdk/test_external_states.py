"""What the states of another DAG mean for the one that waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from etesian.protocol.requests import GetRunStates, GetTaskStates, RunInfos, TaskStateItem, TaskStates
from etesian.sdk.running.external_states import ExternalWait, Verdict
from tests.unit.memory_platform import DAY, run_info


def items(*states: tuple[str, str, int]) -> TaskStates:
    return TaskStates(
        items=tuple(
            TaskStateItem(run_id="r", task_id=task_id, map_index=index, state=state)
            for task_id, state, index in states
        )
    )


def tasks_wait(*task_ids: str) -> ExternalWait:
    return ExternalWait(
        dag_id="other",
        task_ids=task_ids,
        logical_dates=(DAY,),
        skipped_states=("skipped",),
        failed_states=("failed",),
    )


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (items(), Verdict.WAITING),
        (items(("a", "success", -1)), Verdict.WAITING),
        (items(("a", "success", -1), ("b", "running", -1)), Verdict.WAITING),
        (items(("a", "success", -1), ("b", "success", -1)), Verdict.SUCCESS),
        (items(("a", "success", 0), ("a", "running", 1), ("b", "success", -1)), Verdict.WAITING),
        (items(("a", "success", 0), ("a", "success", 1), ("b", "success", -1)), Verdict.SUCCESS),
        (items(("a", "failed", -1)), Verdict.FAILED),
        (items(("a", "skipped", -1), ("b", "skipped", -1)), Verdict.SKIPPED),
        (items(("a", "skipped", -1), ("b", "success", -1)), Verdict.WAITING),
    ],
)
def test_all_tasks_must_have_an_allowed_state(answer: TaskStates, verdict: Verdict) -> None:
    assert tasks_wait("a", "b").judge(answer) is verdict


def test_a_group_is_done_when_all_in_it_is() -> None:
    wait = ExternalWait(dag_id="other", group_id="g", logical_dates=(DAY,))
    assert wait.judge(items()) is Verdict.WAITING
    assert wait.judge(items(("g.a", "success", -1), ("g.b", "none", -1))) is Verdict.WAITING
    assert wait.judge(items(("g.a", "success", -1), ("g.b", "success", -1))) is Verdict.SUCCESS


def test_every_run_asked_for_must_be_there() -> None:
    wait = ExternalWait(dag_id="other", logical_dates=(DAY, DAY + timedelta(days=1)))
    assert wait.judge(RunInfos(runs=(run_info("a"),))) is Verdict.WAITING
    both = (run_info("a"), run_info("b", date=DAY + timedelta(days=1)))
    assert wait.judge(RunInfos(runs=both)) is Verdict.SUCCESS


def test_the_question_is_about_tasks_or_about_runs() -> None:
    assert isinstance(tasks_wait("a").request(), GetTaskStates)
    assert isinstance(ExternalWait(dag_id="other").request(), GetRunStates)

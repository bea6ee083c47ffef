"""Tasks that ask a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from etesian.operators.empty import EmptyOperator
from etesian.operators.hitl import (
    ApprovalOperator,
    HITLBranchOperator,
    HITLEntryOperator,
    HITLOperator,
    HITLRejectException,
    HITLTimeoutError,
    HumanInputError,
)
from etesian.protocol.reports import Deferred, Failed, Outcome, Succeeded
from etesian.protocol.workloads import TIMED_OUT, Resume, RunContext, RunTask
from etesian.sdk.attempts.execution import execute_task
from etesian.sdk.dags.dag import DAG
from etesian.sdk.exceptions import DownstreamTasksSkipped, InvalidDagError, TaskAwaitingInput
from etesian.sdk.params.param import Param
from etesian.sdk.tasks.notifier import BaseNotifier
from etesian.sdk.tasks.operator import TRIGGER_FAIL_REPR, TRIGGER_TIMEOUT
from etesian.sdk.xcoms.xcom import deserialize, serialize
from tests.unit.memory_platform import DAY, MemoryPlatform, make_context


@pytest.fixture(autouse=True)
def dag() -> Iterator[DAG]:
    with DAG("dag", start_date=DAY) as made:
        yield made


def answer(*chosen: str, **values: Any) -> dict[str, Any]:
    return {"chosen_options": list(chosen), "params_input": values, "responded_by_user": "ann"}


class Told(BaseNotifier):
    runs: list[str]

    def __init__(self) -> None:
        super().__init__()
        self.runs = []

    def notify(self, context: Any) -> None:
        self.runs.append(context["run_id"])


def test_the_question_leaves_as_plain_data_and_notifiers_are_told() -> None:
    told = Told()
    task = HITLOperator(
        task_id="ask",
        subject="Ship {{ ds }}?",
        options=["yes", "no"],
        defaults="no",
        params={"reason": Param("", type="string")},
        notifiers=told,
        response_timeout=timedelta(hours=1),
    )
    context = make_context(task)
    task.render_template_fields(context)
    with pytest.raises(TaskAwaitingInput) as caught:
        task.execute(context)
    signal = caught.value
    assert (signal.method_name, signal.timeout) == ("execute_complete", timedelta(hours=1))
    assert signal.question == {
        "subject": "Ship 2030-01-01?",
        "body": None,
        "options": ["yes", "no"],
        "defaults": ["no"],
        "multiple": False,
        "params": {
            "reason": {"value": "", "schema": {"type": "string"}, "description": None, "source": None}
        },
        "assigned_users": [],
    }
    assert told.runs == ["run"]


def test_the_answer_is_the_result() -> None:
    task = HITLEntryOperator(task_id="ask", subject="s", params={"x": Param(1, type="integer")})
    found = task.execute_complete(make_context(task), answer("OK", x=5))
    assert (found["chosen_options"], found["params_input"], found["responded_by_user"]) == (
        ["OK"],
        {"x": 5},
        "ann",
    )
    assert task.params["x"] == 5


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (answer("maybe"), "not among the options"),
        (answer("yes", "no"), "takes one option"),
        (answer("yes", y=1), "asks for \\['x'\\]"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(given: dict[str, Any], message: str) -> None:
    task = HITLOperator(task_id="ask", subject="s", options=["yes", "no"], params={"x": 1})
    with pytest.raises(HumanInputError, match=message):
        task.execute_complete(make_context(task), given)


def test_without_an_answer_in_time_the_defaults_are_taken_or_the_task_fails() -> None:
    kwargs = {"error": TRIGGER_TIMEOUT}
    task = HITLOperator(task_id="a", subject="s", options=["yes", "no"], defaults=["no"])
    found = task.resume_execution(TRIGGER_FAIL_REPR, kwargs, make_context(task))
    assert found["chosen_options"] == ["no"]
    bare = HITLOperator(task_id="b", subject="s", options=["yes", "no"])
    with pytest.raises(HITLTimeoutError, match="nobody answered 's'"):
        bare.resume_execution(TRIGGER_FAIL_REPR, kwargs, make_context(bare))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"options": []}, "needs one option"),
        ({"options": ["a"], "defaults": "b"}, "not among the options"),
        ({"options": ["a", "b"], "defaults": ["a", "b"]}, "takes one option"),
        ({"options": ["a"], "params": {"_options": 1}}, "cannot have a param"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidDagError, match=message):
        HITLOperator(task_id="ask", subject="s", **arguments)


def test_approval_goes_on_rejection_skips_or_fails(platform: MemoryPlatform) -> None:
    task = ApprovalOperator(task_id="ask", subject="s")
    task >> EmptyOperator(task_id="a") >> EmptyOperator(task_id="b")
    assert task.execute_complete(make_context(task), answer("Approve"))["chosen_options"] == ["Approve"]
    with pytest.raises(DownstreamTasksSkipped) as caught:
        task.execute_complete(make_context(task), answer("Reject"))
    assert caught.value.tasks == ["a"]
    strict = ApprovalOperator(task_id="strict", subject="s", fail_on_reject=True)
    with pytest.raises(HITLRejectException, match="'s' was rejected"):
        strict.execute_complete(make_context(strict), answer("Reject"))
    with pytest.raises(InvalidDagError, match="decides its options itself"):
        ApprovalOperator(task_id="own", subject="s", options=["a"])


def test_a_person_chooses_the_branch(platform: MemoryPlatform) -> None:
    task = HITLBranchOperator(
        task_id="ask", subject="s", options=["left", "b"], options_mapping={"left": "a"}
    )
    task >> [EmptyOperator(task_id="a"), EmptyOperator(task_id="b")]
    with pytest.raises(DownstreamTasksSkipped) as caught:
        task.execute_complete(make_context(task), answer("left"))
    assert caught.value.tasks == ["b"]
    with pytest.raises(InvalidDagError, match="options_mapping"):
        HITLBranchOperator(task_id="bad", subject="s", options=["a"], options_mapping={"z": "a"})


def test_the_link_names_the_task_and_fills_in_the_answer() -> None:
    task = HITLOperator(task_id="ask", subject="s", options=["yes", "no"], params={"x": 1})
    link = HITLOperator.generate_link_to_ui_from_context(
        context=make_context(task),
        base_url="https://flows.example.com/",
        options="yes",
        params_input={"x": 2},
    )
    parts = urlsplit(link)
    assert (parts.netloc, parts.path) == (
        "flows.example.com",
        "/dags/dag/runs/run/tasks/ask/required_actions",
    )
    assert parse_qs(parts.query) == {"_options": ["yes"], "x": ["2"], "map_index": ["-1"]}
    with pytest.raises(HumanInputError, match="neither options nor params"):
        task.generate_link_to_ui(task_instance=make_context(task)["ti"], options="maybe")


class TestAsAnAttempt:
    """What the platform sees of a question, from asking to answering."""

    def attempt(self, task: HITLOperator, resume: Resume | None = None) -> Outcome:
        run = RunContext(dag_id="dag", run_id="run", run_type="manual", run_after=DAY)
        return execute_task(
            task, RunTask(attempt_id="a", run=run, task_id=task.task_id, file="dag.py", resume=resume)
        )

    def test_asking_waits_for_a_person_and_for_no_trigger(self, platform: MemoryPlatform) -> None:
        outcome = self.attempt(
            HITLEntryOperator(task_id="ask", subject="s", response_timeout=timedelta(hours=1))
        )
        assert isinstance(outcome, Deferred)
        assert (outcome.trigger_class, outcome.method) == ("", "execute_complete")
        assert deserialize(outcome.awaiting_input or b"")["options"] == ["OK"]
        assert outcome.timeout_at is not None

    def test_the_answer_becomes_the_result(self, platform: MemoryPlatform) -> None:
        event = serialize(answer("OK"))
        outcome = self.attempt(
            HITLEntryOperator(task_id="ask", subject="s"), Resume(method="execute_complete", event=event)
        )
        assert isinstance(outcome, Succeeded)
        assert deserialize(outcome.xcoms[0].value)["responded_by_user"] == "ann"

    def test_no_answer_in_time_takes_the_defaults_or_fails(self, platform: MemoryPlatform) -> None:
        late = Resume(method="execute_complete", error=TIMED_OUT)
        with_default = HITLOperator(task_id="a", subject="s", options=["yes", "no"], defaults="no")
        outcome = self.attempt(with_default, late)
        assert isinstance(outcome, Succeeded)
        assert deserialize(outcome.xcoms[0].value)["chosen_options"] == ["no"]
        failed = self.attempt(HITLOperator(task_id="b", subject="s", options=["yes", "no"]), late)
        assert isinstance(failed, Failed)
        assert "nobody answered 's'" in failed.reason

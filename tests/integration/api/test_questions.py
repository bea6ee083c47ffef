from __future__ import annotations

import httpx
import msgspec
import pytest

from etesian.lifecycle.state import TaskState
from etesian.protocol.commands import AnswerInput
from etesian.protocol.workloads import Resume
from etesian.store import Store
from etesian.store.bus import Bus
from tests.conformance.store.samples import HOUR, NOW, Scheduler, a_run, a_task
from tests.integration.api.test_dag_runs import consuming

RUN = "/api/v2/dags/etl/dagRuns/asking"
TASK = f"{RUN}/taskInstances/load/-1/hitlDetails"


def ask(scheduler: Scheduler, **changes: object) -> None:
    """Let task ``load`` of run ``asking`` wait for a person."""
    question = {
        "subject": "Ship it?",
        "body": "Numbers look **good**.",
        "options": ["Approve", "Reject"],
        "defaults": None,
        "multiple": False,
        "params": {"amount": {"value": 3, "schema": {"type": "integer"}}},
        "assigned_users": [],
        **changes,
    }
    resume = Resume(method="execute_complete", question=msgspec.json.encode(question))
    waiting = msgspec.structs.replace(
        a_task("load", run_id="asking", state=TaskState.AWAITING_INPUT),
        started_at=NOW,
        wake_at=NOW + HOUR,
        resume=msgspec.json.encode(resume),
    )
    scheduler.save(a_run("asking"), waiting)


def test_what_a_run_asks_is_listed_with_options_and_deadline(
    client: httpx.Client, scheduler: Scheduler
) -> None:
    ask(scheduler)

    (asked,) = client.get(f"{RUN}/hitlDetails").json()["hitl_details"]

    assert (asked["task_id"], asked["subject"], asked["options"]) == (
        "load",
        "Ship it?",
        ["Approve", "Reject"],
    )
    assert asked["response_deadline"] == "2030-01-01T13:00:00Z"
    assert client.get(TASK).json() == asked


def test_an_answer_is_given_to_the_scheduler(
    client: httpx.Client, scheduler: Scheduler, store: Store, bus: Bus
) -> None:
    ask(scheduler)

    with consuming(store, scheduler, bus) as commands:
        given = client.patch(TASK, json={"chosen_options": ["Approve"], "params_input": {"amount": 5}})

    assert given.status_code == 200
    assert commands[-1:] == [
        AnswerInput(dag_id="etl", run_id="asking", task_id="load", chosen=("Approve",), params={"amount": 5})
    ]


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"chosen_options": ["Maybe"]}, 400, "'Maybe' was chosen; possible: Approve, Reject"),
        ({"chosen_options": ["Approve", "Reject"]}, 400, "choose one of Approve, Reject, not 2"),
        (
            {"chosen_options": ["Approve"], "params_input": {"x": 1}},
            400,
            "x is not asked for; possible: amount",
        ),
        ({"chosen_options": []}, 422, ""),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_in_words(
    client: httpx.Client, scheduler: Scheduler, body: object, status: int, detail: str
) -> None:
    ask(scheduler)

    refused = client.patch(TASK, json=body)

    assert refused.status_code == status
    assert detail in str(refused.json()["detail"])


def test_only_those_who_are_asked_may_answer(client: httpx.Client, scheduler: Scheduler) -> None:
    ask(scheduler, assigned_users=[{"id": "ann", "name": "Ann"}])

    refused = client.patch(TASK, json={"chosen_options": ["Approve"]})

    assert (refused.status_code, "asks Ann, ann" in refused.json()["detail"]) == (400, True)


def test_a_task_that_asks_nothing_takes_no_answer(client: httpx.Client) -> None:
    refused = client.patch(
        "/api/v2/dags/etl/dagRuns/r2/taskInstances/extract/-1/hitlDetails", json={"chosen_options": ["x"]}
    )

    assert refused.status_code == 409
    assert "asks nothing: it is running" in refused.json()["detail"]

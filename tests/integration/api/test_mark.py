from __future__ import annotations

import httpx
import pytest

from etesian.protocol.commands import MarkTasks, SetNote, TaskSelection
from etesian.store import Store
from etesian.store.bus import Bus
from tests.conformance.store.samples import Scheduler
from tests.integration.api.test_dag_runs import consuming

TASK = "/api/v2/dags/etl/dagRuns/r2/taskInstances/extract"


def test_a_mark_is_given_to_the_scheduler_with_all_that_it_reaches(
    client: httpx.Client, store: Store, scheduler: Scheduler, bus: Bus
) -> None:
    body = {"new_state": "success", "include_downstream": True, "include_past": True, "note": "done by hand"}

    with consuming(store, scheduler, bus) as commands:
        marked = client.patch(TASK, json=body)

    assert marked.status_code == 200
    assert [item["task_id"] for item in marked.json()["task_instances"]] == ["extract", "load"]
    selection = TaskSelection(
        dag_id="etl", run_ids=("r2",), task_ids=("extract",), downstream=True, past=True
    )
    assert commands[-1] == MarkTasks(selection=selection, state="success", note="done by hand")


def test_one_instance_of_a_mapped_task_is_marked_by_its_index(
    client: httpx.Client, store: Store, scheduler: Scheduler, bus: Bus
) -> None:
    with consuming(store, scheduler, bus) as commands:
        assert client.patch(f"{TASK}/-1", json={"new_state": "failed"}).status_code == 200

    selection = TaskSelection(dag_id="etl", run_ids=("r2",), task_ids=("extract",), map_indexes=(-1,))
    assert commands[-1] == MarkTasks(selection=selection, state="failed")


def test_a_dry_mark_names_what_it_would_reach_and_changes_nothing(client: httpx.Client, store: Store) -> None:
    named = client.patch(f"{TASK}/dry_run", json={"new_state": "success", "include_downstream": True})

    assert [item["task_id"] for item in named.json()["task_instances"]] == ["extract", "load"]
    assert client.get("/api/v2/eventLogs").json()["total_entries"] == 0


def test_a_note_alone_leaves_the_state_as_it_is(
    client: httpx.Client, store: Store, scheduler: Scheduler, bus: Bus
) -> None:
    with consuming(store, scheduler, bus) as commands:
        assert client.patch(TASK, json={"note": "look here"}).status_code == 200

    assert commands[-1] == SetNote(dag_id="etl", run_id="r2", task_id="extract", note="look here")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (TASK, {}, 400),
        (TASK, {"new_state": "running"}, 422),
        (f"{TASK}/7", {"new_state": "failed"}, 404),
        ("/api/v2/dags/etl/dagRuns/r2/taskInstances/nope", {"new_state": "failed"}, 404),
        ("/api/v2/dags/etl/dagRuns/nope/taskInstances/extract", {"new_state": "failed"}, 404),
    ],
)
def test_a_mark_that_makes_no_sense_is_refused(
    client: httpx.Client, path: str, body: object, status: int
) -> None:
    assert client.patch(path, json=body).status_code == status

from __future__ import annotations

import httpx
import pytest

from etesian.config import Settings
from etesian.lifecycle.records import TaskKey
from etesian.protocol.commands import ClearTasks, TaskSelection
from etesian.protocol.reports import XComValue
from etesian.store import Store
from etesian.store.batch import Batch
from etesian.store.bus import Bus
from tests.conformance.store.samples import NOW, Scheduler, key_of
from tests.integration.api.conftest import write_log
from tests.integration.api.test_dag_runs import consuming

INSTANCES = "/api/v2/dags/etl/dagRuns/r2/taskInstances"


def test_task_instances_are_listed_in_airflows_shape(client: httpx.Client) -> None:
    body = client.get(INSTANCES).json()

    assert body["total_entries"] == 2
    extract, load = body["task_instances"]
    assert (extract["task_id"], extract["state"], extract["try_number"]) == ("extract", "running", 2)
    assert extract["dag_run_id"] == "r2"
    assert extract["logical_date"] == "2030-01-01T12:00:00Z"
    assert (load["task_id"], load["state"]) == ("load", None)


@pytest.mark.parametrize(
    ("query", "task_ids"),
    [("state=running", ["extract"]), ("state=none", ["load"]), ("task_id=load&task_id=x", ["load"])],
)
def test_task_instances_can_be_filtered(client: httpx.Client, query: str, task_ids: list[str]) -> None:
    found = client.get(f"{INSTANCES}?{query}").json()["task_instances"]

    assert [item["task_id"] for item in found] == task_ids


def test_a_state_that_does_not_exist_is_refused(client: httpx.Client) -> None:
    answer = client.get(f"{INSTANCES}?state=sleeping")

    assert answer.status_code == 422
    assert "there is no task state 'sleeping'; there are: none, scheduled" in answer.json()["detail"]


def test_task_instances_of_all_runs_carry_their_own_runs_dates(client: httpx.Client) -> None:
    found = client.get("/api/v2/dags/~/dagRuns/~/taskInstances?task_id=extract").json()["task_instances"]

    assert {item["dag_run_id"]: item["logical_date"] for item in found} == {
        "r1": "2029-12-31T12:00:00Z",
        "r2": "2030-01-01T12:00:00Z",
    }


def test_tries_include_the_one_under_way(client: httpx.Client) -> None:
    tries = client.get(f"{INSTANCES}/extract/tries").json()["task_instances"]

    assert [(item["try_number"], item["state"]) for item in tries] == [(1, "up_for_retry"), (2, "running")]


def test_a_log_is_read_in_pieces_while_it_grows(client: httpx.Client, settings: Settings) -> None:
    first = client.get(f"{INSTANCES}/extract/logs/2").json()
    write_log(settings, "extract", 2, "third line")
    second = client.get(f"{INSTANCES}/extract/logs/2?token={first['continuation_token']}").json()

    assert [line["event"] for line in first["content"]] == ["first line", "second line"]
    assert second["content"] == [
        {
            "timestamp": "2030-01-01T12:00:00.000000Z",
            "event": "third line",
            "level": "info",
            "logger": "stdout",
        }
    ]


def test_a_log_comes_as_text_or_json_lines_on_request(client: httpx.Client) -> None:
    text = client.get(f"{INSTANCES}/extract/logs/2", headers={"Accept": "text/plain"})
    lines = client.get(f"{INSTANCES}/extract/logs/2", headers={"Accept": "application/x-ndjson"})

    assert text.text.splitlines()[0] == "2030-01-01T12:00:00.000000Z info first line"
    assert lines.headers["content-type"].startswith("application/x-ndjson")
    assert len(lines.text.splitlines()) == 2


def test_a_made_up_log_token_is_refused(client: httpx.Client) -> None:
    assert client.get(f"{INSTANCES}/extract/logs/2?token=../x").status_code == 400


def test_xcoms_are_listed_without_and_returned_with_their_value(
    client: httpx.Client, scheduler: Scheduler
) -> None:
    key = key_of("extract", run_id="r2")
    scheduler.write(Batch(now=NOW, xcoms=[(key, XComValue(key="return_value", value=b'{"rows":3}'))]))

    listed = client.get(f"{INSTANCES}/extract/xcomEntries").json()
    found = client.get(f"{INSTANCES}/extract/xcomEntries/return_value").json()

    assert [entry["key"] for entry in listed["xcom_entries"]] == ["return_value"]
    assert "value" not in listed["xcom_entries"][0]
    assert found["value"] == {"rows": 3}


def test_a_dry_clear_names_what_would_run_again(client: httpx.Client) -> None:
    body = {"dag_run_id": "r1", "task_ids": ["inner.transform"], "include_downstream": True}

    answer = client.post("/api/v2/dags/etl/clearTaskInstances", json=body)

    assert answer.status_code == 200
    assert [item["task_id"] for item in answer.json()["task_instances"]] == ["inner.transform", "load"]


def test_a_clear_is_given_to_the_scheduler(
    client: httpx.Client, store: Store, scheduler: Scheduler, bus: Bus
) -> None:
    with consuming(store, scheduler, bus) as taken:
        answer = client.post(
            "/api/v2/dags/etl/clearTaskInstances",
            json={"dry_run": False, "dag_run_id": "r1", "only_failed": True, "note": "again"},
        )

    assert answer.status_code == 200
    selection = TaskSelection(dag_id="etl", run_ids=("r1",), only_failed=True)
    assert taken[-1] == ClearTasks(selection=selection, note="again")


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"task_ids": ["nope"]}, 404, "task 'nope' of DAG 'etl' was not found"),
        ({"dag_run_id": "nope"}, 404, "has no run 'nope'"),
        (
            {"dag_run_id": "r2", "only_failed": False, "prevent_running_task": True},
            409,
            "is running; nothing was",
        ),
        ({"task_ids": ["load", ["extract", 1]]}, 400, "with every task_id, or with none"),
    ],
)
def test_a_clear_that_makes_no_sense_is_refused(
    client: httpx.Client, body: dict[str, object], status: int, message: str
) -> None:
    answer = client.post("/api/v2/dags/etl/clearTaskInstances", json=body | {"dry_run": False})

    assert answer.status_code == status, answer.text
    assert message in answer.json()["detail"]


def test_why_gives_the_schedulers_own_words(client: httpx.Client) -> None:
    body = client.get("/api/etesian/v1/why?dag_id=etl&run_id=r2&task_id=load").json()

    assert body["blockers"] == [{"kind": "upstream", "message": "load waits for 'extract'"}]


def test_a_task_instance_shows_its_rendered_fields_and_its_version(
    client: httpx.Client, scheduler: Scheduler
) -> None:
    key = TaskKey("etl", "r2", "extract")
    scheduler.write(Batch(rendered_fields=[(key, b'{"bash_command":"echo 2030"}')]))

    body = client.get("/api/v2/dags/etl/dagRuns/r2/taskInstances/extract").json()

    assert body["rendered_fields"] == {"bash_command": "echo 2030"}
    assert client.get("/api/v2/dags/etl/dagRuns/r2/taskInstances/load").json()["rendered_fields"] == {}
    listed = client.get("/api/v2/dags/~/dagRuns/~/taskInstances?task_id=extract&order_by=-run_id").json()
    assert [item["rendered_fields"] for item in listed["task_instances"]] == [body["rendered_fields"], {}]
    assert listed["task_instances"][0]["dag_version"] == body["dag_version"]

"""The event log: what was changed through the API is written down, what failed is not."""

from __future__ import annotations

import json

import httpx


def entries(client: httpx.Client, query: str = "") -> list[dict[str, object]]:
    found: list[dict[str, object]] = client.get(f"/api/v2/eventLogs?{query}").json()["event_logs"]
    return found


def test_changes_are_written_down_in_their_order(client: httpx.Client) -> None:
    client.patch("/api/v2/dags/etl", json={"is_paused": False})
    client.post("/api/v2/dags/etl/dagRuns", json={"dag_run_id": "mine", "logical_date": None})
    client.post("/api/v2/variables", json={"key": "password", "value": "hunter2"})

    found = entries(client)

    assert [(entry["event"], entry["dag_id"], entry["run_id"]) for entry in found] == [
        ("unpause_dag", "etl", None),
        ("trigger_dag_run", "etl", "mine"),
        ("create_variable", None, None),
    ]
    assert json.loads(str(found[2]["extra"])) == {"source": "rest_api", "key": "password"}


def test_entries_are_found_by_dag_and_by_event(client: httpx.Client) -> None:
    client.patch("/api/v2/dags/etl", json={"is_paused": False})
    client.patch("/api/v2/dags/etl", json={"is_paused": True})
    client.post("/api/v2/variables", json={"key": "a", "value": "b"})

    assert [entry["event"] for entry in entries(client, "dag_id=etl&order_by=-event_log_id")] == [
        "pause_dag",
        "unpause_dag",
    ]
    (only,) = entries(client, "event=create_variable")
    assert client.get(f"/api/v2/eventLogs/{only['event_log_id']}").json() == only


def test_who_did_not_say_who_they_are_is_anonymous(client: httpx.Client) -> None:
    client.patch("/api/v2/dags/etl", json={"is_paused": False})

    assert [entry["owner"] for entry in entries(client)] == ["anonymous"]


def test_what_was_refused_or_changed_nothing_is_not_written_down(client: httpx.Client) -> None:
    client.patch("/api/v2/dags/etl", json={"is_paused": True})
    assert client.patch("/api/v2/dags/nope", json={"is_paused": True}).status_code == 404
    assert client.delete("/api/v2/variables/nope").status_code == 404

    assert entries(client) == []


def test_an_entry_that_does_not_exist_is_not_found(client: httpx.Client) -> None:
    assert client.get("/api/v2/eventLogs/12345").status_code == 404

"""Pools, variables and connections."""

from __future__ import annotations

import json

import httpx

CANARY = "hunter2-canary"


def test_a_pool_is_made_changed_and_deleted(client: httpx.Client) -> None:
    made = client.post("/api/v2/pools", json={"name": "db", "slots": 3})
    changed = client.patch("/api/v2/pools/db", json={"slots": 5})

    assert made.status_code == 201
    assert (changed.json()["slots"], changed.json()["open_slots"]) == (5, 5)
    assert client.post("/api/v2/pools", json={"name": "db", "slots": 9}).status_code == 409
    assert client.get("/api/v2/pools/db").json()["slots"] == 5
    assert client.delete("/api/v2/pools/db").status_code == 204
    assert [pool["name"] for pool in client.get("/api/v2/pools").json()["pools"]] == ["default_pool"]


def test_a_pool_tells_how_full_it_is(client: httpx.Client) -> None:
    pool = client.get("/api/v2/pools/default_pool").json()

    assert (pool["running_slots"], pool["occupied_slots"], pool["open_slots"]) == (1, 1, 127)


def test_the_default_pool_stays(client: httpx.Client) -> None:
    answer = client.delete("/api/v2/pools/default_pool")

    assert answer.status_code == 400
    assert "cannot be deleted" in answer.json()["detail"]


def test_a_variable_is_made_changed_and_deleted(client: httpx.Client) -> None:
    made = client.post("/api/v2/variables", json={"key": "team/limits", "value": {"rows": 3}})
    changed = client.patch("/api/v2/variables/team/limits", json={"key": "team/limits", "value": "4"})

    assert (made.status_code, made.json()["value"]) == (201, '{"rows":3}')
    assert changed.json()["value"] == "4"
    assert client.get("/api/v2/variables").json()["total_entries"] == 1
    assert client.delete("/api/v2/variables/team/limits").status_code == 204
    assert client.get("/api/v2/variables/team/limits").status_code == 404


def test_the_body_cannot_name_another_variable_than_the_path(client: httpx.Client) -> None:
    client.post("/api/v2/variables", json={"key": "a", "value": "1"})

    assert client.patch("/api/v2/variables/a", json={"key": "b", "value": "2"}).status_code == 400


def test_secrets_never_leave_through_the_api(client: httpx.Client) -> None:
    connection = {
        "connection_id": "db",
        "conn_type": "postgres",
        "login": "etl",
        "password": CANARY,
        "extra": json.dumps({"token": CANARY, "region": "eu"}),
    }
    answers = [
        client.post("/api/v2/variables", json={"key": "api_key", "value": CANARY}),
        client.post("/api/v2/variables", json={"key": "db", "value": {"password": CANARY, "host": "h"}}),
        client.post("/api/v2/connections", json=connection),
        client.patch("/api/v2/connections/db", json={"host": "h"}),
        *(
            client.get(f"/api/v2/{path}")
            for path in ("variables", "variables/db", "connections", "connections/db")
        ),
    ]

    for answer in answers:
        assert answer.is_success, answer.text
        assert CANARY not in answer.text
    assert answers[-1].json()["login"] == "etl"
    assert answers[-1].json()["host"] == "h"


def test_a_connection_keeps_what_a_patch_leaves_out(client: httpx.Client) -> None:
    client.post(
        "/api/v2/connections", json={"connection_id": "c", "conn_type": "http", "host": "a", "port": 1}
    )
    answer = client.patch("/api/v2/connections/c", json={"connection_id": "c", "port": None})
    assert answer.status_code == 200

    found = client.get("/api/v2/connections/c").json()
    assert (found["host"], found["port"]) == ("a", None)
    assert client.delete("/api/v2/connections/c").status_code == 204


def test_a_connection_id_must_be_a_key(client: httpx.Client) -> None:
    answer = client.post("/api/v2/connections", json={"connection_id": "a b", "conn_type": "http"})

    assert answer.status_code == 400
    assert "conn_id 'a b' has a character that is not allowed" in answer.json()["detail"]

from __future__ import annotations

import httpx

from etesian.protocol.commands import ChangeBackfill, CreateBackfill
from etesian.store import Store
from etesian.store.queries import inbox

BODY = {"dag_id": "etl", "from_date": "2020-01-01T00:00:00Z", "to_date": "2020-01-03T00:00:00Z"}


def test_a_backfill_is_created_listed_and_shown_with_its_progress(client: httpx.Client, store: Store) -> None:
    created = client.post("/api/v2/backfills", json={**BODY, "max_active_runs": 3}).json()

    assert (created["dag_id"], created["max_active_runs"], created["completed_at"]) == ("etl", 3, None)
    listed = client.get("/api/v2/backfills", params={"dag_id": "etl", "active": True}).json()
    assert ([item["id"] for item in listed["backfills"]], listed["total_entries"]) == ([created["id"]], 1)
    shown = client.get(f"/api/v2/backfills/{created['id']}").json()
    assert (shown["runs_total"], shown["runs_by_state"], shown["expected_end_at"]) == (3, {}, None)
    with store.write() as connection:
        assert isinstance(inbox.read(connection)[-1].command, CreateBackfill)


def test_a_dry_run_says_what_would_be_done_about_each_date(client: httpx.Client) -> None:
    plan = client.post("/api/v2/backfills/dry_run", json={**BODY, "run_backwards": True}).json()

    assert [(item["logical_date"][:10], item["action"]) for item in plan["backfills"]] == [
        ("2020-01-03", "create"),
        ("2020-01-02", "create"),
        ("2020-01-01", "create"),
    ]
    assert client.get("/api/v2/backfills").json()["total_entries"] == 0


def test_a_backfill_is_paused_and_cancelled_once(client: httpx.Client, store: Store) -> None:
    path = f"/api/v2/backfills/{client.post('/api/v2/backfills', json=BODY).json()['id']}"

    assert client.put(f"{path}/pause").json()["is_paused"] is True
    assert client.put(f"{path}/unpause").json()["is_paused"] is False
    assert client.put(f"{path}/cancel").json()["completed_at"] is not None
    assert client.put(f"{path}/cancel").status_code == 409
    with store.write() as connection:
        commands = [row.command for row in inbox.read(connection)]
    changes = [command.action for command in commands if isinstance(command, ChangeBackfill)]
    assert changes == ["pause", "unpause", "cancel"]


def test_what_cannot_be_backfilled_is_refused(client: httpx.Client) -> None:
    def status(**changes: object) -> int:
        return client.post("/api/v2/backfills", json={**BODY, **changes}).status_code

    assert status(dag_id="nope") == 404
    assert status(dag_id="paused_one") == 400
    assert status(from_date="2021-01-01T00:00:00Z") == 400
    assert status(max_active_runs=0) == 422
    assert status(reprocess_behavior="some") == 422
    assert client.get("/api/v2/backfills/nope").status_code == 404

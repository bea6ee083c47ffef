from __future__ import annotations

import httpx

from etesian.store import Store
from etesian.store.queries.heartbeats import delete_heartbeat, save_heartbeat
from etesian.store.queries.import_errors import save_import_error
from etesian.store.queries.leader import acquire
from tests.conformance.store.samples import HOUR, NOW

HEALTH = "/api/v2/monitor/health"


def test_without_processes_only_the_database_is_healthy(client: httpx.Client) -> None:
    body = client.get(HEALTH).json()

    assert {part: state["status"] for part, state in body.items()} == {
        "metadatabase": "healthy",
        "scheduler": "healthy",  # the tests have a leader
        "triggerer": None,
        "dag_processor": "unhealthy",
    }


def test_a_fresh_heartbeat_makes_a_process_healthy(client: httpx.Client, store: Store) -> None:
    with store.write() as connection:
        save_heartbeat(connection, "parser", "host", 1, NOW)
        save_heartbeat(connection, "parser", "host", 1, NOW)
        save_heartbeat(connection, "triggerer", "host", 2, NOW - HOUR)
    parts = client.get(HEALTH).json()

    assert parts["dag_processor"]["status"] == "healthy"
    assert parts["dag_processor"]["latest_dag_processor_heartbeat"] == "2030-01-01T12:00:00Z"
    assert parts["triggerer"]["status"] == "unhealthy"

    with store.write() as connection:
        delete_heartbeat(connection, "parser", "host", 1)
    assert client.get(HEALTH).json()["dag_processor"]["status"] == "unhealthy"


def test_an_expired_lease_is_an_unhealthy_scheduler(client: httpx.Client, store: Store) -> None:
    with store.write() as connection:
        acquire(connection, "tests", NOW - HOUR, HOUR / 2)

    assert client.get(HEALTH).json()["scheduler"]["status"] == "unhealthy"


def test_a_lost_database_is_an_answer_too(client: httpx.Client, store: Store) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("DROP TABLE leases")

    answer = client.get(HEALTH)

    assert answer.status_code == 200
    assert answer.json()["metadatabase"]["status"] == "unhealthy"


def test_the_version_is_told(client: httpx.Client) -> None:
    assert client.get("/api/v2/version").json()["version"]


def test_import_errors_are_listed_with_their_traceback(client: httpx.Client, store: Store) -> None:
    with store.write() as connection:
        save_import_error(connection, bundle="dags", file="bad.py", message="Boom\n  line 3", line=3, now=NOW)

    body = client.get("/api/v2/importErrors").json()

    (error,) = body["import_errors"]
    assert (error["filename"], error["stack_trace"], error["line"]) == ("bad.py", "Boom\n  line 3", 3)
    assert client.get(f"/api/v2/importErrors/{error['import_error_id']}").json() == error


def test_the_openapi_page_describes_the_shapes(client: httpx.Client) -> None:
    document = client.get("/api/openapi.json").json()

    assert "/api/v2/dags/{dag_id}/dagRuns" in document["paths"]
    assert "dag_run_id" in document["components"]["schemas"]["TriggerDagRunBody"]["properties"]

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from fastapi import FastAPI

from etesian.lifecycle.state import RunState, TaskState
from etesian.store import Store
from etesian.store.bus import Bus
from etesian.store.queries.dags import set_paused
from tests.conformance.store.samples import DAY, HOUR, NOW, Scheduler, a_run, a_task
from tests.integration.api.conftest import serving

OVERVIEW = "/api/etesian/v1/overview"


def test_the_overview_lists_dags_with_their_newest_runs(client: httpx.Client) -> None:
    body = client.get(OVERVIEW).json()

    assert [dag["dag_id"] for dag in body["dags"]] == ["etl", "paused_one"]
    assert [(run["run_id"], run["state"]) for run in body["dags"][0]["recent_runs"]] == [
        ("r1", "failed"),
        ("r2", "running"),
    ]
    assert body["counts"] == {"all": 2, "active": 0, "paused": 2, "running": 1, "failed": 0}


def test_the_overview_shows_no_more_runs_than_asked_for(client: httpx.Client, scheduler: Scheduler) -> None:
    runs = [a_run(f"x{day:02}", state=RunState.SUCCESS, run_after=NOW + day * DAY) for day in range(1, 31)]
    scheduler.save(*runs)

    (etl, _) = client.get(f"{OVERVIEW}?runs=5").json()["dags"]

    assert [run["run_id"] for run in etl["recent_runs"]] == ["x26", "x27", "x28", "x29", "x30"]


@pytest.mark.parametrize(
    ("query", "dag_ids"),
    [
        ("state=running", ["etl"]),
        ("state=failed", []),
        ("state=active", []),
        ("search=ware", ["etl"]),
        ("search=PAUS", ["paused_one"]),
        ("search=100%25", []),
        ("limit=1&offset=1", ["paused_one"]),
    ],
)
def test_the_overview_can_be_narrowed(client: httpx.Client, query: str, dag_ids: list[str]) -> None:
    assert [dag["dag_id"] for dag in client.get(f"{OVERVIEW}?{query}").json()["dags"]] == dag_ids


def test_the_failed_filter_looks_at_the_newest_run_only(client: httpx.Client, scheduler: Scheduler) -> None:
    scheduler.save(a_run("r3", state=RunState.FAILED, run_after=NOW + HOUR))

    assert client.get(f"{OVERVIEW}?state=failed").json()["total_entries"] == 1


def test_the_grid_has_a_state_for_each_task_of_each_run(client: httpx.Client) -> None:
    body = client.get("/api/etesian/v1/dags/etl/grid").json()

    assert [(task["task_id"], task["depth"]) for task in body["tasks"]] == [
        ("extract", 0),
        ("inner.transform", 1),
        ("load", 0),
    ]
    assert {run["run_id"]: run["states"] for run in body["runs"]} == {
        "r1": ["success", "failed", "upstream_failed"],
        "r2": ["running", None, "none"],
    }


def test_the_page_and_its_files_are_served(client: httpx.Client) -> None:
    page = client.get("/")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert client.get("/static/main.js").headers["content-type"] == "text/javascript; charset=utf-8"
    assert client.get("/static/style.css").status_code == 200
    for path in ("/static/../pages.py", "/static/nope.js", "/static/", "/index.html"):
        assert client.get(path).status_code == 404


@contextmanager
def watching(client: httpx.Client) -> Iterator[Iterator[dict[str, object]]]:
    """Open the event stream and give its events as they come."""
    with client.stream("GET", "/api/etesian/v1/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        assert next(lines) == "retry: 2000"
        yield (json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))


def test_watchers_are_told_of_runs_that_change(client: httpx.Client, scheduler: Scheduler, bus: Bus) -> None:
    with watching(client) as events:
        bus.ring("changes")
        first = next(events)
        scheduler.save(a_run("r9", state=RunState.QUEUED, run_after=NOW + HOUR))
        bus.ring("changes")
        second = next(events)
        bus.ring("changes")
        third = next(events)

    assert first["runs"] == [{"dag_id": "etl", "run_id": "r2", "state": "running"}]
    assert first["dags_changed"] is True  # the first look knows of no earlier state
    assert second["runs"] == [*first["runs"], {"dag_id": "etl", "run_id": "r9", "state": "queued"}]
    assert third["runs"] == first["runs"]  # r9 waits as before
    assert second["dags_changed"] is False


def test_watchers_are_told_that_a_dag_was_paused(client: httpx.Client, store: Store, bus: Bus) -> None:
    with watching(client) as events:
        bus.ring("changes")
        next(events)
        with store.write() as connection:
            set_paused(connection, "etl", False, now=NOW)
        bus.ring("changes")

        assert next(events)["dags_changed"] is True


def test_a_stopping_server_ends_the_streams(app: FastAPI) -> None:
    with serving(app) as url, httpx.Client(base_url=url) as client:
        stream = client.send(client.build_request("GET", "/api/etesian/v1/events"), stream=True)
        assert stream.status_code == 200
    # Leaving the block stops the server, which would fail if the stream held it up.
    stream.close()


def test_a_mapped_task_shows_its_most_telling_state(client: httpx.Client, scheduler: Scheduler) -> None:
    states = (TaskState.SUCCESS, TaskState.FAILED, TaskState.SUCCESS)
    scheduler.save(
        *(a_task("load", run_id="r1", map_index=index, state=state) for index, state in enumerate(states))
    )

    runs = client.get("/api/etesian/v1/dags/etl/grid").json()["runs"]
    assert runs[0]["states"][2] == "failed"

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Event, Thread

import httpx
import pytest

from etesian.lifecycle.records import RunKey
from etesian.protocol.commands import Command, DeleteRun, MarkRun, RunRequested, SetNote
from etesian.store import Store
from etesian.store.batch import Batch
from etesian.store.bus import Bus
from etesian.store.queries import inbox
from etesian.store.queries.runs import load_run
from tests.conformance.store.samples import NOW, Scheduler

RUNS = "/api/v2/dags/etl/dagRuns"


def read_commands(store: Store) -> list[Command]:
    with store.write() as connection:
        return [row.command for row in inbox.read(connection)]


@contextmanager
def consuming(store: Store, scheduler: Scheduler, bus: Bus) -> Iterator[list[Command]]:
    """Take commands out of the inbox as they come, as a leader does."""
    stop, taken = Event(), list[Command]()

    def work() -> None:
        while not stop.wait(0.01):
            with store.write() as connection:
                rows = inbox.read(connection)
            if rows:
                taken.extend(row.command for row in rows)
                scheduler.write(Batch(now=NOW, inbox_ids=[row.id for row in rows]))
                bus.ring("changes")

    thread = Thread(target=work)
    thread.start()
    try:
        yield taken
    finally:
        stop.set()
        thread.join()


def test_runs_are_listed_newest_first_on_request(client: httpx.Client) -> None:
    body = client.get(f"{RUNS}?order_by=-run_after").json()

    assert [run["dag_run_id"] for run in body["dag_runs"]] == ["r2", "r1"]
    assert body["dag_runs"][1]["state"] == "failed"
    assert body["dag_runs"][1]["end_date"] == "2029-12-31T13:00:00Z"


def test_a_tilde_stands_for_all_dags(client: httpx.Client) -> None:
    assert client.get("/api/v2/dags/~/dagRuns?state=failed").json()["total_entries"] == 1


def test_triggering_stores_a_queued_run_and_rings(client: httpx.Client, store: Store, bus: Bus) -> None:
    with closing(bus.listen(("inbox",))) as bell:
        answer = client.post(RUNS, json={"logical_date": None, "conf": {"n": 1}, "note": "by hand"})
        assert bell.drain() == {"inbox"}

    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["state"], body["run_type"], body["conf"], body["note"]) == (
        "queued",
        "manual",
        {"n": 1},
        "by hand",
    )
    assert body["dag_run_id"].startswith("manual__20")
    assert body["triggered_by"] == "rest_api"
    with store.read() as connection:
        assert load_run(connection, RunKey("etl", body["dag_run_id"])).conf == {"n": 1}
    assert read_commands(store)[-1] == RunRequested(dag_id="etl", run_id=body["dag_run_id"])


def test_many_triggers_of_one_moment_get_names_of_their_own(client: httpx.Client) -> None:
    names = {client.post(RUNS, json={}).json()["dag_run_id"] for _ in range(20)}

    assert len(names) == 20


def test_a_logical_date_gives_the_run_its_data_interval(client: httpx.Client) -> None:
    body = client.post(RUNS, json={"logical_date": "2030-03-05T06:00:00+01:00"}).json()

    assert body["logical_date"] == "2030-03-05T05:00:00Z"
    assert (body["data_interval_start"], body["data_interval_end"]) == (
        "2030-03-04T00:00:00Z",
        "2030-03-05T00:00:00Z",
    )


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"dag_run_id": "r1"}, 409, "already has a run 'r1'"),
        ({"logical_date": "2030-01-01T12:00:00Z"}, 409, "already has the run 'r2' with the logical date"),
        ({"dag_run_id": "../etc"}, 400, "is not allowed; use 1 to 250"),
        ({"dag_run_id": "x" * 300}, 422, "Expected `str` of length <= 250"),
        ({"conf": [1]}, 422, "Expected `object | null`, got `array` - at `$.conf`"),
        ({"logical_date": "2030-01-01"}, 422, "at `$.logical_date`"),
        ({"logical_date": "2030-01-01T12:00:00"}, 422, "timezone"),
        ({"data_interval_start": "2030-01-01T12:00:00Z"}, 422, "give both"),
    ],
)
def test_a_run_that_cannot_be_is_refused_and_nothing_is_written(
    client: httpx.Client, store: Store, body: dict[str, object], status: int, message: str
) -> None:
    before = (client.get(RUNS).json()["total_entries"], len(read_commands(store)))

    answer = client.post(RUNS, json=body)

    assert answer.status_code == status, answer.text
    assert message in answer.text
    assert (client.get(RUNS).json()["total_entries"], len(read_commands(store))) == before


def test_marking_waits_for_the_scheduler(
    client: httpx.Client, store: Store, scheduler: Scheduler, bus: Bus
) -> None:
    with consuming(store, scheduler, bus) as taken:
        answer = client.patch(f"{RUNS}/r2", json={"state": "failed", "note": "stop it"})

    assert answer.status_code == 200
    assert taken[-2:] == [
        MarkRun(dag_id="etl", run_id="r2", state="failed"),
        SetNote(dag_id="etl", run_id="r2", note="stop it"),
    ]


def test_deleting_without_a_scheduler_is_accepted_and_kept(client: httpx.Client, store: Store) -> None:
    assert client.delete(f"{RUNS}/r1").status_code == 202
    assert read_commands(store)[-1] == DeleteRun(dag_id="etl", run_id="r1")


def test_a_patch_that_changes_nothing_is_refused(client: httpx.Client) -> None:
    assert client.patch(f"{RUNS}/r2", json={}).status_code == 400

from __future__ import annotations

from contextlib import closing

import httpx
import pytest

from etesian.protocol.commands import PauseChanged
from etesian.store import Store
from etesian.store.bus import Bus
from etesian.store.queries import inbox
from etesian.store.queries.import_errors import save_import_error
from tests.conformance.store.samples import NOW


def test_dags_are_listed_in_airflows_shape(client: httpx.Client) -> None:
    body = client.get("/api/v2/dags").json()

    assert body["total_entries"] == 2
    etl = body["dags"][0]
    assert etl["dag_id"] == "etl"
    assert etl["is_paused"] is True
    assert etl["is_stale"] is False
    assert etl["timetable_summary"] == "@daily"
    assert etl["owners"] == ["ann"]
    assert etl["tags"] == [
        {"name": "daily", "dag_id": "etl", "dag_display_name": "etl"},
        {"name": "warehouse", "dag_id": "etl", "dag_display_name": "etl"},
    ]
    assert etl["fileloc"].endswith("/dags/etl.py")
    assert etl["next_dagrun_logical_date"] is None


@pytest.mark.parametrize(
    ("query", "dag_ids"),
    [
        ("tags=daily", ["etl"]),
        ("tags=nope", []),
        ("dag_id_pattern=paus", ["paused_one"]),
        ("limit=1&offset=1", ["paused_one"]),
        ("order_by=-dag_id", ["paused_one", "etl"]),
        ("owners=ann", ["etl"]),
    ],
)
def test_dags_can_be_filtered_paged_and_ordered(client: httpx.Client, query: str, dag_ids: list[str]) -> None:
    body = client.get(f"/api/v2/dags?{query}").json()

    assert [dag["dag_id"] for dag in body["dags"]] == dag_ids


def test_a_list_cannot_be_ordered_by_just_anything(client: httpx.Client) -> None:
    answer = client.get("/api/v2/dags?order_by=shoe_size")

    assert answer.status_code == 400
    assert "cannot be ordered by 'shoe_size'; possible: dag_display_name" in answer.json()["detail"]


def test_a_dag_whose_file_broke_says_so(client: httpx.Client, store: Store) -> None:
    with store.write() as connection:
        save_import_error(connection, bundle="dags", file="etl.py", message="Boom", line=1, now=NOW)

    found = {dag["dag_id"]: dag["has_import_errors"] for dag in client.get("/api/v2/dags").json()["dags"]}
    assert found == {"etl": True, "paused_one": False}


def test_a_dag_and_its_details_are_returned(client: httpx.Client) -> None:
    assert client.get("/api/v2/dags/etl").json()["dag_id"] == "etl"
    details = client.get("/api/v2/dags/etl/details").json()

    assert details["timetable_description"]
    assert details["params"]["day"]["value"] == "today"
    assert details["catchup"] is False


def test_the_tasks_of_a_dag_are_listed_with_what_follows_them(client: httpx.Client) -> None:
    body = client.get("/api/v2/dags/etl/tasks").json()

    extract = body["tasks"][0]
    assert extract["downstream_task_ids"] == ["inner.transform"]
    assert extract["execution_timeout"] == {
        "__type": "TimeDelta",
        "days": 0,
        "seconds": 90,
        "microseconds": 0,
    }
    assert extract["class_ref"] == {"module_path": "", "class_name": "BashOperator"}
    assert client.get("/api/v2/dags/etl/tasks/load").json()["task_id"] == "load"


def test_unpausing_writes_the_row_and_tells_the_scheduler(
    client: httpx.Client, store: Store, bus: Bus
) -> None:
    with closing(bus.listen(("inbox",))) as bell:
        answer = client.patch("/api/v2/dags/etl", json={"is_paused": False})
        assert bell.drain() == {"inbox"}

    assert answer.status_code == 200
    assert answer.json()["is_paused"] is False
    with store.write() as connection:
        commands = [row.command for row in inbox.read(connection)]
    assert commands[-1] == PauseChanged(dag_id="etl", is_paused=False)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/dags/nope",
        "/api/v2/dags/nope/details",
        "/api/v2/dags/nope/tasks",
        "/api/v2/dags/etl/tasks/nope",
        "/api/v2/dags/nope/dagRuns",
        "/api/v2/dags/etl/dagRuns/nope",
        "/api/v2/dags/etl/dagRuns/nope/taskInstances",
        "/api/v2/dags/etl/dagRuns/r1/taskInstances/nope",
        "/api/v2/dags/etl/dagRuns/r1/taskInstances/extract/7",
        "/api/v2/dags/etl/dagRuns/r2/taskInstances/extract/logs/3",
        "/api/v2/dags/etl/dagRuns/r2/taskInstances/extract/xcomEntries/nope",
        "/api/v2/pools/nope",
        "/api/v2/variables/nope",
        "/api/v2/connections/nope",
        "/api/v2/importErrors/77",
        "/api/etesian/v1/dags/nope/grid",
        "/api/etesian/v1/why?dag_id=etl&run_id=r1&task_id=nope",
        "/api/v2/there/is/no/such/path",
    ],
)
def test_what_does_not_exist_is_a_404_with_a_sentence(client: httpx.Client, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 404, answer.text
    assert isinstance(answer.json()["detail"], str)
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "the JSON ends before it is complete"),
        (b"[" * 200_000 + b"]" * 200_000, "Expected `object`"),
        (b'{"is_paused": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "Expected `bool`"),
        (b'{"is_paused": "yes"}', "Expected `bool`, got `str` - at `$.is_paused`"),
        (b"{}", "missing required field `is_paused`"),
        (b'{"is_paused": true, "shoe": 1}', "unknown field `shoe`; possible: is_paused"),
        (b"\xff\xfe", "malformed"),
    ],
)
def test_a_bad_body_is_a_422_that_says_where(client: httpx.Client, body: bytes, message: str) -> None:
    answer = client.patch("/api/v2/dags/etl", content=body)

    assert answer.status_code == 422
    (problem,) = answer.json()["detail"]
    assert message in problem["msg"]
    assert problem["loc"] == ["body"]


HUGE = 10**25


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/dags?offset={HUGE}", None),
        ("GET", f"/dags/etl/dagRuns?offset={HUGE}", None),
        ("GET", f"/dags/etl/dagRuns/r1/taskInstances/extract/{HUGE}", None),
        ("GET", f"/dags/etl/dagRuns/r1/taskInstances/extract/logs/1?map_index={HUGE}", None),
        ("GET", f"/importErrors/{HUGE}", None),
        ("GET", f"/assets/{HUGE}", None),
        ("GET", f"/eventLogs/{HUGE}", None),
        ("POST", "/assets/events", {"asset_id": HUGE}),
        ("POST", "/pools", {"name": "p", "slots": HUGE}),
        ("POST", "/dags/etl/dagRuns", {"logical_date": "0001-01-01T00:00:00+14:00"}),
        ("POST", "/connections", {"connection_id": "c", "conn_type": "a", "extra": "{"}),
        ("POST", "/connections", {"connection_id": "c", "conn_type": "a", "extra": "[]"}),
        ("PATCH", "/connections/c", {"connection_id": "d"}),
    ],
)
def test_a_value_that_nothing_can_hold_is_refused_with_a_sentence(
    client: httpx.Client, method: str, path: str, body: object
) -> None:
    answer = client.request(method, f"/api/v2{path}", json=body)

    assert answer.status_code == 400, answer.text
    assert isinstance(answer.json()["detail"], str)


def test_a_conf_that_is_nested_too_deeply_is_refused(client: httpx.Client) -> None:
    body = b'{"conf": {"a": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}}"

    answer = client.post("/api/v2/dags/etl/dagRuns", content=body)

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["msg"] == "the JSON is nested too deeply"


def test_a_wrong_word_is_answered_with_the_possible_ones(client: httpx.Client) -> None:
    answer = client.patch("/api/v2/dags/etl/dagRuns/r1", json={"state": "running"})

    assert answer.json()["detail"][0]["msg"].endswith("; possible: queued, success, failed")


@pytest.mark.parametrize(
    ("method", "status", "detail"),
    [
        ("GET", 404, "there is nothing at '/api/v2/nope'"),
        ("DELETE", 405, "DELETE is not possible here; possible: GET"),
    ],
)
def test_a_wrong_path_or_method_is_a_sentence(
    client: httpx.Client, method: str, status: int, detail: str
) -> None:
    answer = client.request(method, "/api/v2/nope" if status == 404 else "/api/v2/dags")

    assert (answer.status_code, answer.json()["detail"]) == (status, detail)


@pytest.mark.parametrize(
    ("query", "run_ids"),
    [
        ("run_after_gte=2020-01-01", ["r1", "r2"]),
        ("run_after_gte=2020-01-01T00:00:00&run_after_lte=2019-01-01", []),
        ("logical_date_lte=2020-01-01T00:00:00%2B02:00", []),
    ],
)
def test_a_moment_without_a_zone_is_utc(client: httpx.Client, query: str, run_ids: list[str]) -> None:
    answer = client.get(f"/api/v2/dags/etl/dagRuns?{query}")

    assert answer.status_code == 200, answer.text
    assert sorted(run["dag_run_id"] for run in answer.json()["dag_runs"]) == run_ids


@pytest.mark.parametrize(
    "path", ["dags/etl/dagRuns?end_date_gte=x", "dags/etl/dagRuns?end_date_gte=0001-01-01T00:00:00%2B14:00"]
)
def test_what_is_no_moment_is_refused(client: httpx.Client, path: str) -> None:
    assert client.get(f"/api/v2/{path}").status_code == 422
    assert client.get("/api/v2/eventLogs?before=2026-01-01").status_code == 200

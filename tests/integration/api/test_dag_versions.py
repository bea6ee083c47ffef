"""Versions of DAGs, and the runs that have them."""

from __future__ import annotations

from contextlib import closing

import httpx

from etesian.store import Store
from etesian.store.bus import Bus
from etesian.store.queries.parse_requests import take_parse_requests


def test_the_versions_of_a_dag_are_listed(client: httpx.Client) -> None:
    body = client.get("/api/v2/dags/etl/dagVersions").json()

    (version,) = body["dag_versions"]
    assert (version["version_number"], version["bundle_name"], body["total_entries"]) == (1, "dags", 1)
    assert client.get("/api/v2/dags/etl/dagVersions/1").json() == version
    assert client.get("/api/v2/dags/etl/dagVersions/2").status_code == 404
    assert client.get("/api/v2/dags/nope/dagVersions").status_code == 404


def test_a_run_names_the_version_that_it_has(client: httpx.Client) -> None:
    started = client.post("/api/v2/dags/etl/dagRuns", json={"dag_run_id": "mine"})

    (version,) = client.get("/api/v2/dags/etl/dagVersions").json()["dag_versions"]
    assert started.json()["dag_versions"] == [version]


def test_the_source_of_a_dag_is_returned(client: httpx.Client) -> None:
    body = client.get("/api/v2/dagSources/etl").json()

    assert (body["dag_id"], body["version_number"]) == ("etl", 1)
    assert isinstance(body["content"], str)
    assert client.get("/api/v2/dagSources/etl?version_number=9").status_code == 404


def test_a_file_is_parsed_again_by_the_token_that_its_dags_say(
    client: httpx.Client, store: Store, bus: Bus
) -> None:
    token = client.get("/api/v2/dags/etl").json()["file_token"]
    with closing(bus.listen(("specs",))) as bell:
        assert client.put(f"/api/v2/parseDagFile/{token}").status_code == 201
        assert bell.drain() == {"specs"}
    with store.write() as connection:
        assert [":".join(asked) for asked in take_parse_requests(connection)] == [token]


def test_a_token_of_no_file_is_refused(client: httpx.Client, store: Store) -> None:
    refused = client.put("/api/v2/parseDagFile/dags:nowhere.py")
    assert (refused.status_code, "dags:nowhere.py" in refused.json()["detail"]) == (404, True)
    with store.write() as connection:
        assert take_parse_requests(connection) == []

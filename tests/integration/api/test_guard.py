from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from etesian.api.app import create_app
from etesian.config import SettingsError, load_settings
from etesian.store import Store
from etesian.store.bus import Bus
from tests.integration.api.conftest import explain

RUNS = "/api/v2/dags/etl/dagRuns"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "10.0.0.7", ""])
def test_a_foreign_host_name_is_refused(client: httpx.Client, host: str) -> None:
    answer = client.get("/api/v2/dags", headers={"Host": host})

    assert answer.status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:8080"])
def test_names_of_this_machine_are_served(client: httpx.Client, host: str) -> None:
    assert client.get("/api/v2/dags", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}],
)
def test_another_sites_page_may_not_change_anything(client: httpx.Client, headers: dict[str, str]) -> None:
    answer = client.post(RUNS, json={}, headers=headers)

    assert answer.status_code == 403
    assert client.get(RUNS).json()["total_entries"] == 2


def test_the_own_page_may_change_things(client: httpx.Client, server: str) -> None:
    headers = {"Origin": server, "Sec-Fetch-Site": "same-origin"}

    assert client.post(RUNS, json={}, headers=headers).status_code == 200


def test_a_large_body_is_refused(client: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(6):
            yield b" " * 1024 * 1024

    declared = client.post(RUNS, content=b" " * 5 * 1024 * 1024)
    undeclared = client.post(RUNS, content=chunks())

    assert (declared.status_code, undeclared.status_code) == (413, 413)
    assert "larger than 4194304 bytes" in declared.json()["detail"]


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/api/v2/dags", "/api/v2/nope"])
def test_every_answer_forbids_foreign_content(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers

    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "etl.example.org"])
def test_serving_everybody_without_authentication_is_refused(
    tmp_path: Path, store: Store, bus: Bus, host: str
) -> None:
    settings = load_settings({"ETESIAN__API__HOST": host}, tmp_path)

    with pytest.raises(SettingsError, match="lets everybody in; this is accepted on a loopback address only"):
        create_app(settings, store, bus, explain=explain)


def test_a_fault_is_a_500_without_a_traceback(client: httpx.Client, store: Store) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE dag_versions SET spec = 'no json'")

    answer = client.get("/api/v2/dags/etl/details")

    assert answer.status_code == 500
    assert "Traceback" not in answer.text

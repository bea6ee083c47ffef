"""The scheduler as a process of its own, on a real PostgreSQL."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from tests.e2e.harness import COMMAND, make_environment
from tests.servers.postgresql import PostgresqlServer

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(120)]


def leaders(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return connection.execute("SELECT epoch FROM leases WHERE holder <> ''").fetchall()


def wait_for_epoch(url: str, epoch: int) -> None:
    deadline = time.monotonic() + 60
    while leaders(url) != [(epoch,)]:
        assert time.monotonic() < deadline, "the scheduler does not lead"
        time.sleep(0.05)


def test_a_scheduler_outlives_a_restart_of_the_database(
    tmp_path: Path, postgresql_server: PostgresqlServer, postgresql_url: str
) -> None:
    environment = make_environment(tmp_path, {"ETESIAN__DATABASE__URL": postgresql_url})
    subprocess.run([COMMAND, "db", "migrate"], env=environment, check=True, capture_output=True, timeout=60)
    with subprocess.Popen([COMMAND, "scheduler"], env=environment) as scheduler:
        try:
            wait_for_epoch(postgresql_url, 1)
            with postgresql_server.connect() as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'etesian'"
                )
            wait_for_epoch(postgresql_url, 2)
            assert scheduler.poll() is None
        finally:
            scheduler.terminate()
        assert scheduler.wait(20) == 0

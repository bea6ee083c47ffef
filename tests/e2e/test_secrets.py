"""What is secret is encrypted on disk, masked where it is shown, and readable by the task that asks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.e2e.harness import COMMAND, Standalone, running_standalone

PASSWORD = "hunter2-of-the-warehouse"
TOKEN = "s3cr3t-token-of-the-billing-api"

DAG_FILE = """
import hashlib

from etesian import DAG, Variable, task
from etesian.hooks.base import BaseHook
from etesian.operators.bash import BashOperator

with DAG("secretive", schedule=None):

    @task
    def use_them():
        password = BaseHook.get_connection("warehouse").password
        print("the password is", password)
        print("the token is", Variable.get("billing_api_key"))
        return hashlib.sha256(password.encode()).hexdigest()

    show = BashOperator(
        task_id="show", bash_command="echo {{ conn.warehouse.password }}", do_xcom_push=False
    )
    use_them() >> show
"""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    home = tmp_path_factory.mktemp("home")
    (home / "dags").mkdir()
    (home / "dags" / "secretive.py").write_text(DAG_FILE)
    with running_standalone(home) as platform:
        command(
            platform, "connections", "add", "warehouse", "--conn-uri", f"postgresql://etl:{PASSWORD}@db/dwh"
        )
        command(platform, "variables", "set", "billing_api_key", TOKEN)
        platform.run_to_end("secretive")
        yield platform


def command(platform: Standalone, *arguments: str) -> str:
    ended = subprocess.run(
        [COMMAND, *arguments],
        env=platform.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_nothing_in_the_home_holds_a_secret_in_clear(platform: Standalone) -> None:
    found = [
        str(file)
        for file in platform.home.rglob("*")
        if file.is_file() and any(secret.encode() in file.read_bytes() for secret in (PASSWORD, TOKEN))
    ]
    assert found == []


def test_the_key_is_readable_by_its_owner_only(platform: Standalone) -> None:
    assert (platform.home / "fernet.key").stat().st_mode & 0o777 == 0o600


def test_the_task_that_asks_gets_the_real_password(platform: Standalone) -> None:
    (run,) = platform.ask("GET", "/dags/secretive/dagRuns")["dag_runs"]
    log = platform.log("secretive", run["dag_run_id"], "use_them")
    assert "the password is ***" in log
    assert "the token is ***" in log


def test_commands_and_api_show_stars(platform: Standalone) -> None:
    shown = command(platform, "connections", "list", "-o", "json")
    assert "warehouse" in shown
    assert PASSWORD not in shown

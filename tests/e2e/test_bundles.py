"""A platform whose DAGs come from a git repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.harness import Standalone, running_standalone
from tests.servers.git import Repository

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

DAG_FILE = """
from pathlib import Path

from etesian import DAG, task
from names import GREETING

HERE = Path(__file__)

with DAG("flow", schedule=None):

    @task(retries=1, retry_delay=0)
    def wait():
        import time

        gate = Path({gate!r})
        while not gate.exists():
            time.sleep(0.02)

    @task.bash
    def shell():
        return "cat " + str(HERE.with_name("query.sql"))

    @task
    def read():
        return [GREETING, HERE.with_name("query.sql").read_text()]

    wait() >> [shell(), read()]
"""


def test_a_run_keeps_to_its_commit_through_a_push_and_a_restart(tmp_path: Path) -> None:
    gate, upstream = tmp_path / "gate", Repository(tmp_path / "upstream")
    upstream.commit(
        {
            "dags/flow.py": DAG_FILE.format(gate=str(gate)),
            "dags/names.py": "GREETING = 'old'",
            "dags/query.sql": "old query",
        }
    )
    home = tmp_path / "home"
    home.mkdir()
    (home / "etesian.toml").write_text(
        f'[[core.bundles]]\nname = "team"\ngit = "{upstream.folder}"\nsubfolder = "dags"\nrefresh_seconds = 1\n'
    )
    with running_standalone(home) as platform:
        platform.wait_for_dag("flow")
        platform.unpause("flow")
        old = platform.trigger("flow")
        platform.wait_for(
            lambda: platform.states("flow", old).get("wait") == "running" or None, "the first task", within=30
        )
        commit = upstream.commit({"dags/names.py": "GREETING = 'new'", "dags/query.sql": "new query"})
        platform.wait_for(
            lambda: platform.ask("GET", "/dags/flow")["bundle_version"] == commit or None,
            "the commit",
            within=30,
        )
        platform.stop()
        platform.start()
        new = platform.trigger("flow")
        gate.touch()
        for run_id, said in ((old, "old"), (new, "new")):
            assert platform.wait_for_run("flow", run_id)["state"] == "success"
            values = {name: value_of(platform, run_id, name) for name in ("read", "shell")}
            assert values == {"read": [said, f"{said} query"], "shell": f"{said} query"}
        assert platform.run("flow", new)["bundle_version"] == commit


def value_of(platform: Standalone, run_id: str, task_id: str) -> object:
    place = f"/dags/flow/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
    return platform.ask("GET", place)["value"]

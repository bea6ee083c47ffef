"""What waits outside of workers, on a real platform: triggers, watchers, assets, backfills and people."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Standalone, running_standalone

DAGS = """
import os
from datetime import datetime, timedelta

from etesian import DAG, Asset, AssetWatcher, task
from etesian.operators.hitl import HITLOperator
from etesian.sensors.time_delta import TimeDeltaSensor
from etesian.triggers.file import FileDeleteTrigger

drop = AssetWatcher("drop", trigger=FileDeleteTrigger(filepath=os.environ["DROPPED"], poke_interval=0.1))
arrived = Asset("arrived", watchers=[drop])

with DAG("watching", schedule=[arrived], is_paused_upon_creation=False):

    @task
    def note(triggering_asset_events=None):
        for events in triggering_asset_events.values():
            print("caused by", [event.extra.get("from_trigger") for event in events])

    note()

with DAG("deferring", schedule=None):
    TimeDeltaSensor(task_id="wait", delta=timedelta(seconds=1), deferrable=True)

with DAG("asking", schedule=None):
    HITLOperator(task_id="ask", subject="Ship it?", options=["yes", "no"])

with DAG("daily", schedule="@daily", start_date=datetime(2100, 1, 1)):

    @task
    def show(logical_date=None):
        print("for", logical_date.date())

    show()
"""


@pytest.fixture(scope="module")
def dropped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("drop") / "file"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, dropped: Path) -> Iterator[Standalone]:
    home = tmp_path_factory.mktemp("home")
    (home / "dags").mkdir()
    (home / "dags" / "waiting_outside.py").write_text(DAGS)
    with running_standalone(home, settings={"DROPPED": str(dropped)}) as platform:
        yield platform


def test_a_file_that_a_watcher_sees_causes_a_run_that_knows_the_event(
    platform: Standalone, dropped: Path
) -> None:
    platform.wait_for_dag("watching")
    dropped.write_text("here")

    def caused() -> str | None:
        runs = platform.ask("GET", "/dags/watching/dagRuns")["dag_runs"]
        return runs[0]["dag_run_id"] if runs else None

    run_id = platform.wait_for(caused, "a run that the watcher causes", within=30)
    run = platform.wait_for_run("watching", run_id)

    assert (run["run_type"], run["state"]) == ("asset_triggered", "success")
    assert "caused by [True]" in platform.log("watching", run_id, "note")
    assert not dropped.exists()


def test_a_deferred_task_goes_on_when_its_trigger_fires(platform: Standalone) -> None:
    run_id = platform.run_to_end("deferring", within=60)

    assert platform.states("deferring", run_id) == {"wait": "success"}


def test_a_person_s_answer_lets_the_task_go_on(platform: Standalone) -> None:
    platform.wait_for_dag("asking")
    platform.unpause("asking")
    run_id = platform.trigger("asking")
    asked = platform.wait_for(
        lambda: platform.ask("GET", f"/dags/asking/dagRuns/{run_id}/hitlDetails")["hitl_details"] or None,
        "the question",
        within=30,
    )
    assert (asked[0]["subject"], asked[0]["options"]) == ("Ship it?", ["yes", "no"])

    platform.ask(
        "PATCH",
        f"/dags/asking/dagRuns/{run_id}/taskInstances/ask/-1/hitlDetails",
        json={"chosen_options": ["yes"]},
    )

    assert platform.wait_for_run("asking", run_id)["state"] == "success"


def test_a_backfill_runs_to_its_end(platform: Standalone) -> None:
    platform.wait_for_dag("daily")
    platform.unpause("daily")
    body = {"dag_id": "daily", "from_date": "2020-01-01T00:00:00Z", "to_date": "2020-01-03T00:00:00Z"}
    backfill_id = platform.ask("POST", "/backfills", json=body)["id"]

    def completed() -> dict[str, object] | None:
        found: dict[str, object] = platform.ask("GET", f"/backfills/{backfill_id}")
        return found if found["completed_at"] is not None else None

    found = platform.wait_for(completed, "the end of the backfill", within=60)

    assert (found["runs_total"], found["runs_by_state"]) == (3, {"success": 3})


def test_the_process_that_awaits_triggers_is_not_the_one_with_the_store(platform: Standalone) -> None:
    awaiter, triggerer = platform.service("awaiter"), platform.service("triggerer")

    assert awaiter is not None
    assert triggerer is not None
    assert awaiter.ppid() == triggerer.pid != os.getpid()
    databases = [file.path for file in awaiter.open_files() if file.path.endswith(".db")]
    assert databases == []

from __future__ import annotations

from datetime import UTC, datetime

from etesian.lifecycle.records import DagRunRecord, RunKey, TaskInstanceRecord, TaskKey
from etesian.lifecycle.state import RunState, RunType


def test_keys_can_be_read() -> None:
    assert str(RunKey("etl", "manual__1")) == "etl@manual__1"
    assert str(TaskKey("etl", "manual__1", "load")) == "etl.load@manual__1"
    assert str(TaskKey("etl", "manual__1", "load", 3)) == "etl.load[3]@manual__1"


def test_a_task_key_names_its_run() -> None:
    assert TaskKey("etl", "manual__1", "load", 3).run_key == RunKey("etl", "manual__1")


def test_records_know_their_keys() -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    run = DagRunRecord(
        dag_id="etl",
        run_id="r",
        run_type=RunType.MANUAL,
        state=RunState.QUEUED,
        run_after=moment,
        version_hash="v",
    )
    assert run.key == RunKey("etl", "r")
    assert TaskInstanceRecord(dag_id="etl", run_id="r", task_id="t", map_index=2).key == TaskKey(
        "etl", "r", "t", 2
    )

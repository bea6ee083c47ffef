"""``airflow.models.DagRun`` made by its fields."""

from __future__ import annotations

from datetime import UTC, datetime

from etesian.compat.models.columns import DagRun

DATE = datetime(2030, 1, 2, tzinfo=UTC)


def test_a_run_made_by_its_fields_shows_them() -> None:
    run = DagRun("etl", "manual__1", execution_date=DATE, conf={"a": 1})
    assert (run.dag_id, run.run_id, run.run_type, run.state) == ("etl", "manual__1", "manual", "queued")
    assert (run.logical_date, run.run_after, run.data_interval_end) == (DATE, DATE, DATE)
    assert run.conf == {"a": 1}
    assert isinstance(run, DagRun)
    assert DagRun(run_after=DATE).logical_date is None

"""What the settings say about DAG files that leave something out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from etesian.operators.empty import EmptyOperator
from etesian.sdk.dags.dag import DAG
from etesian.sdk.defaults import AuthoringDefaults, authoring_defaults, set_authoring_defaults

OTHERS = AuthoringDefaults(
    timezone="Europe/Warsaw",
    max_active_tasks=5,
    max_active_runs=3,
    retries=2,
    retry_delay=timedelta(seconds=7),
)


@pytest.fixture
def _others() -> Iterator[None]:
    set_authoring_defaults(OTHERS)
    yield
    set_authoring_defaults(None)


@pytest.mark.usefixtures("_others")
def test_a_dag_that_leaves_its_limits_out_has_those_of_the_settings() -> None:
    dag = DAG("limits", schedule=None)
    assert (dag.max_active_tasks, dag.max_active_runs) == (5, 3)


@pytest.mark.usefixtures("_others")
def test_a_dag_that_gives_its_limits_keeps_them() -> None:
    dag = DAG("limits", schedule=None, max_active_tasks=1, max_active_runs=0)
    assert (dag.max_active_tasks, dag.max_active_runs) == (1, 0)


@pytest.mark.usefixtures("_others")
def test_a_task_that_says_nothing_of_retries_has_those_of_the_settings() -> None:
    task = EmptyOperator(task_id="silent")
    assert (task.retries, task.retry_delay) == (2, timedelta(seconds=7))


@pytest.mark.usefixtures("_others")
@pytest.mark.parametrize("given", [0, None])
def test_a_task_that_wants_no_retries_has_none(given: int | None) -> None:
    assert EmptyOperator(task_id="once", retries=given).retries == 0


@pytest.mark.usefixtures("_others")
def test_default_args_go_before_the_settings() -> None:
    with DAG("args", schedule=None, default_args={"retries": 1, "retry_delay": 3.0}):
        task = EmptyOperator(task_id="a")
    assert (task.retries, task.retry_delay) == (1, timedelta(seconds=3))


@pytest.mark.usefixtures("_others")
def test_a_naive_date_is_meant_in_the_time_zone_of_the_settings() -> None:
    dag = DAG("naive", schedule="@daily", start_date=datetime(2030, 1, 1))
    assert dag.start_date == datetime(2029, 12, 31, 23, tzinfo=UTC)
    assert dag.timezone == ZoneInfo("Europe/Warsaw")


@pytest.mark.usefixtures("_others")
def test_the_time_zone_of_an_aware_start_date_goes_before_the_settings() -> None:
    dag = DAG("aware", schedule="@daily", start_date=datetime(2030, 1, 1, tzinfo=UTC))
    assert dag.timezone == UTC


def test_the_defaults_come_from_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETESIAN__CORE__DEFAULT_TASK_RETRIES", "4")
    monkeypatch.setenv("ETESIAN__CORE__MAX_ACTIVE_RUNS_PER_DAG", "9")
    set_authoring_defaults(None)
    try:
        assert (authoring_defaults().retries, authoring_defaults().max_active_runs) == (4, 9)
    finally:
        set_authoring_defaults(None)

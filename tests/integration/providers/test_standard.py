"""The provider `standard` as it is distributed, in place of our own operators of the same names."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from etesian import DAG
from etesian.testing import run_dag
from tests.integration.providers.conftest import Connect

pytestmark = pytest.mark.provider("standard")


def test_the_operators_are_the_distributions_own() -> None:
    from airflow.providers.standard.operators.bash import BashOperator

    assert "site-packages/airflow/providers/standard" in inspect.getfile(BashOperator)


def test_python_and_bash_operators_run_and_hand_values_on() -> None:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.providers.standard.operators.python import PythonOperator
    from airflow.sdk import task

    with DAG("values", schedule=None) as dag:
        count = PythonOperator(
            task_id="count",
            python_callable=lambda day, ds: f"{day} {ds}",
            op_kwargs={"day": "{{ ds_nodash }}"},
        )
        shout = BashOperator(
            task_id="shout",
            bash_command="echo $TEXT | tr a-z A-Z; exit ${CODE:-0}",
            env={"TEXT": "of {{ ti.xcom_pull(task_ids='count') }}"},
            append_env=True,
        )
        skip = BashOperator(task_id="skip", bash_command="exit 99")

        @task
        def collect(text: str) -> list[str]:
            return text.split()

        count >> shout >> skip
        collect(shout.output)

    result = run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    assert result.task("collect").xcom == ["OF", "20300102", "2030-01-02"]
    assert result.states["skip"] == "skipped"


def test_branches_and_short_circuits_skip_what_is_not_chosen() -> None:
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.providers.standard.operators.python import BranchPythonOperator, ShortCircuitOperator

    with DAG("choices", schedule=None) as dag:
        BranchPythonOperator(task_id="choose", python_callable=lambda: "left") >> [
            EmptyOperator(task_id="left"),
            EmptyOperator(task_id="right"),
        ]
        ShortCircuitOperator(task_id="stop", python_callable=lambda: False) >> EmptyOperator(task_id="after")

    result = run_dag(dag)

    assert {name: result.states[name] for name in ("left", "right", "after")} == {
        "left": "success",
        "right": "skipped",
        "after": "skipped",
    }


@pytest.mark.parametrize("deferrable", [False, True])
def test_sensors_wait_for_files_and_times(tmp_path: Path, connect: Connect, deferrable: bool) -> None:
    from datetime import timedelta

    from airflow.providers.standard.operators.python import PythonOperator
    from airflow.providers.standard.sensors.filesystem import FileSensor
    from airflow.providers.standard.sensors.time_delta import TimeDeltaSensor

    connect("fs_default", conn_type="fs")
    with DAG("waits", schedule=None) as dag:
        FileSensor(
            task_id="file",
            filepath=str(tmp_path / "day.csv"),
            mode="reschedule",
            poke_interval=30,
            deferrable=deferrable,
        )
        PythonOperator(task_id="write", python_callable=(tmp_path / "day.csv").touch)
        TimeDeltaSensor(
            task_id="later",
            delta=timedelta(hours=3),
            mode="reschedule",
            poke_interval=600,
            deferrable=deferrable,
        )

    assert set(run_dag(dag).raise_if_failed().states.values()) == {"success"}


def test_a_run_of_another_dag_is_asked_for() -> None:
    from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

    with DAG("caller", schedule=None) as dag:
        TriggerDagRunOperator(task_id="call", trigger_dag_id="callee", conf={"day": "{{ ds }}"})

    result = run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    (request,) = result.triggered_runs
    assert (request.dag_id, dict(request.conf)) == ("callee", {"day": "2030-01-02"})


def test_a_function_runs_in_a_virtual_environment_of_its_own() -> None:
    from airflow.sdk import task

    with DAG("elsewhere", schedule=None) as dag:

        @task.virtualenv(system_site_packages=False)
        def where() -> str:
            import sys

            return sys.prefix

        where()

    prefix = run_dag(dag).raise_if_failed().task("where").xcom

    assert "venv" in prefix


def test_the_latest_run_goes_on_and_older_ones_do_not() -> None:
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.providers.standard.operators.latest_only import LatestOnlyOperator

    with DAG("latest", schedule="@daily") as dag:
        LatestOnlyOperator(task_id="latest") >> EmptyOperator(task_id="after")

    old = run_dag(dag, logical_date="2020-01-02", run_type="scheduled")

    assert old.states == {"latest": "success", "after": "skipped"}

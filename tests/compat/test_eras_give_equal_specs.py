"""One pipeline, written as a file of Airflow 1.10, of 2.x and of 3.x: the scheduler gets the same description."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from etesian.compat import install, is_installed, uninstall
from etesian.sdk.dags.dag_loading import load_dags
from etesian.sdk.dags.spec_building import build_spec
from etesian.spec.codec import compute_hash
from etesian.spec.dag import DagSpec

AIRFLOW_1_10 = """
from datetime import datetime, timedelta
from airflow import DAG
from airflow.operators.bash_operator import BashOperator
from airflow.operators.dummy_operator import DummyOperator
from airflow.operators.python_operator import BranchPythonOperator, PythonOperator
from airflow.utils.trigger_rule import TriggerRule

def choose(**context):
    return "load"

def load(**context):
    return context["ds"]

default_args = {"owner": "data", "retries": 2, "retry_delay": timedelta(minutes=1), "start_date": datetime(2024, 1, 1)}
dag = DAG("same", default_args=default_args, schedule_interval="0 6 * * *", concurrency=4, max_active_runs=2)
start = DummyOperator(task_id="start", dag=dag)
extract = BashOperator(task_id="extract", bash_command="echo {{ ds }}", pool="db", dag=dag)
branch = BranchPythonOperator(task_id="branch", python_callable=choose, provide_context=True, dag=dag)
load = PythonOperator(task_id="load", python_callable=load, provide_context=True, task_concurrency=1, dag=dag)
skip = DummyOperator(task_id="skip", dag=dag)
join = DummyOperator(task_id="join", trigger_rule="none_failed_or_skipped", dag=dag)
extract.set_upstream(start)
extract >> branch >> [load, skip]
join << [load, skip]
"""
AIRFLOW_2 = """
from datetime import timedelta
import pendulum
from airflow.models.dag import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import BranchPythonOperator, PythonOperator
from airflow.utils.trigger_rule import TriggerRule

default_args = {"owner": "data", "retries": 2, "retry_delay": timedelta(minutes=1)}
with DAG(
    "same", default_args=default_args, schedule="0 6 * * *", max_active_tasks=4, max_active_runs=2,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
) as dag:
    start = EmptyOperator(task_id="start")
    extract = BashOperator(task_id="extract", bash_command="echo {{ ds }}", pool="db")
    branch = BranchPythonOperator(task_id="branch", python_callable=lambda: "load")
    load = PythonOperator(task_id="load", python_callable=lambda ds: ds, max_active_tis_per_dag=1)
    skip = EmptyOperator(task_id="skip")
    join = EmptyOperator(task_id="join", trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)
    start >> extract >> branch >> [load, skip] >> join
"""
AIRFLOW_3 = """
from datetime import timedelta
import pendulum
from airflow.sdk import DAG, CronDataIntervalTimetable, TriggerRule, chain
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import BranchPythonOperator, PythonOperator

default_args = {"owner": "data", "retries": 2, "retry_delay": timedelta(minutes=1)}
with DAG(
    dag_id="same", default_args=default_args, max_active_tasks=4, max_active_runs=2, catchup=True,
    schedule=CronDataIntervalTimetable("0 6 * * *", timezone="UTC"), start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
):
    chain(
        EmptyOperator(task_id="start"),
        BashOperator(task_id="extract", bash_command="echo {{ ds }}", pool="db"),
        BranchPythonOperator(task_id="branch", python_callable=lambda: "load"),
        [
            PythonOperator(task_id="load", python_callable=lambda ds: ds, max_active_tis_per_dag=1),
            EmptyOperator(task_id="skip"),
        ],
        EmptyOperator(task_id="join", trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS),
    )
"""
ERAS = {"1_10": AIRFLOW_1_10, "2": AIRFLOW_2, "3": AIRFLOW_3}


@pytest.fixture
def airflow_names() -> Iterator[None]:
    was_installed = is_installed()
    install()
    yield
    if not was_installed:
        uninstall()


def spec_of(era: str, folder: Path) -> DagSpec:
    """Return the spec of a file, without what is shown of its text: lines, names of classes, the schedule."""
    folder.mkdir()
    (folder / "dags.py").write_text(ERAS[era])
    spec = build_spec(load_dags(folder / "dags.py", dags_folder=folder)["same"], file="dags.py")
    tasks = tuple(msgspec.structs.replace(task, line=None, operator="") for task in spec.tasks)
    return msgspec.structs.replace(spec, tasks=tasks, schedule_text="")


@pytest.mark.usefixtures("airflow_names")
def test_the_same_pipeline_in_three_eras_gives_equal_specs(tmp_path: Path) -> None:
    old, middle, new = (spec_of(era, tmp_path / era) for era in ERAS)
    assert old == middle
    assert middle == new
    assert len({compute_hash(spec) for spec in (old, middle, new)}) == 1

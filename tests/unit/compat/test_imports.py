"""What ``import airflow`` gives, and what it says of the names that it does not have."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from etesian.compat.tables import _tables
from etesian.sdk.dags.dag_loading import load_dags
from etesian.sdk.dags.spec_building import build_spec

ERA_1 = """
from airflow import DAG
from airflow.operators.bash_operator import BashOperator
from airflow.operators.dummy_operator import DummyOperator
from datetime import datetime
dag = DAG("same", start_date=datetime(2024, 1, 1), schedule_interval="@daily", catchup=False)
first = DummyOperator(task_id="first", dag=dag)
second = BashOperator(task_id="second", bash_command="true", dag=dag)
first >> second
"""
ERA_2 = """
import pendulum
from airflow.models.dag import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
with DAG("same", start_date=pendulum.datetime(2024, 1, 1), schedule="@daily", catchup=False):
    EmptyOperator(task_id="first") >> BashOperator(task_id="second", bash_command="true")
"""
ERA_3 = """
import pendulum
from airflow.sdk import DAG, CronDataIntervalTimetable
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
schedule = CronDataIntervalTimetable("0 0 * * *", timezone="UTC")
with DAG("same", start_date=pendulum.datetime(2024, 1, 1), schedule=schedule):
    EmptyOperator(task_id="first") >> BashOperator(task_id="second", bash_command="true")
"""


def write(folder: Path, source: str) -> Path:
    path = folder / "dags.py"
    path.write_text(source)
    return path


def test_the_same_pipeline_in_three_eras_gives_equal_edges_and_schedules(tmp_path: Path) -> None:
    specs = []
    for number, source in enumerate((ERA_1, ERA_2, ERA_3)):
        folder = tmp_path / str(number)
        folder.mkdir()
        dag = load_dags(write(folder, source), dags_folder=folder)["same"]
        specs.append(build_spec(dag, file="dags.py"))
    shapes = [
        (spec.schedule, spec.catchup, {task.task_id: sorted(task.upstream) for task in spec.tasks})
        for spec in specs
    ]
    assert shapes[0] == shapes[1] == shapes[2]


@pytest.mark.parametrize(
    "module", sorted(name for name in _tables() if not name.startswith("airflow.providers"))
)
def test_every_module_of_the_tables_can_be_imported_with_all_its_names(module: str) -> None:
    found = importlib.import_module(module)
    places = _tables()[module]
    own = [name for name, place in places.items() if name and not place.startswith("airflow.providers")]
    assert [name for name in own if not hasattr(found, name)] == []


def test_a_name_that_is_not_there_says_what_may_be_meant() -> None:
    with pytest.raises(
        ImportError, match=r"Etesian's airflow.operators.bash has no 'BashOperater'; did you mean"
    ):
        exec("from airflow.operators.bash import BashOperater")


def test_a_module_without_counterpart_says_what_does_its_job() -> None:
    with pytest.raises(ModuleNotFoundError, match="etesian api-server"):
        importlib.import_module("airflow.www.app")


def test_a_provider_that_is_not_installed_says_how_to_install_it() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"etesian providers install apache.nosuch"):
        importlib.import_module("airflow.providers.apache.nosuch.hooks.thing")


def test_asking_whether_a_module_exists_is_no_error() -> None:
    importlib.import_module("airflow.utils")
    assert importlib.util.find_spec("airflow.utils.nosuch") is None


def test_getattr_with_a_default_sees_no_error() -> None:
    module: Any = importlib.import_module("airflow.utils.helpers")
    assert getattr(module, "nosuch", "default") == "default"


def test_the_standard_provider_is_ours_where_none_is_installed() -> None:
    ours = importlib.import_module("etesian.operators.bash").BashOperator
    theirs = importlib.import_module("airflow.providers.standard.operators.bash").BashOperator
    assert theirs is ours


def test_trigger_rules_answer_to_their_older_names(tmp_path: Path) -> None:
    source = """
from airflow import DAG
from airflow.operators.dummy import DummyOperator
from airflow.utils.trigger_rule import TriggerRule
with DAG("rules", schedule_interval=None) as dag:
    DummyOperator(task_id="join", trigger_rule=TriggerRule.NONE_FAILED_OR_SKIPPED)
    DummyOperator(task_id="free", trigger_rule=TriggerRule.DUMMY)
"""
    tasks = load_dags(write(tmp_path, source), dags_folder=tmp_path)["rules"].tasks
    assert {task.task_id: task.trigger_rule.value for task in tasks} == {
        "join": "none_failed_min_one_success",
        "free": "always",
    }

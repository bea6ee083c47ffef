"""The pytest plugin, in a project of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DAG_FILE = """
from airflow import DAG
from airflow.models import Variable
from airflow.operators.python import PythonOperator

with DAG("shop", schedule=None):
    PythonOperator(task_id="region", python_callable=lambda: Variable.get("region"))
"""
TESTS = """
import pytest
from etesian.foundation.clock import utc_now


def test_every_file_can_be_imported(dag_bag):
    assert list(dag_bag.check()) == ["shop"]


@pytest.mark.etesian_variables(region="eu")
def test_the_region(dag_bag, run_dag):
    assert run_dag(dag_bag["shop"]).task("region").xcom == "eu"
    assert run_dag(dag_bag["shop"], variables={"region": "us"}).task("region").xcom == "us"


@pytest.mark.etesian_clock("2030-01-01")
def test_the_time(etesian_clock, run_dag, load_dags):
    run = run_dag(load_dags("dags")["shop"], variables={"region": "eu"})
    assert run.logical_date == etesian_clock.now() == utc_now()
    assert str(run.logical_date) == "2030-01-01 00:00:00+00:00"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "shop.py").write_text(DAG_FILE)
    (tmp_path / "test_dags.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def run_pytest(project: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    ended = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=100, check=False)
    return ended.stdout + ended.stderr


def test_a_project_tests_its_dags(project: Path) -> None:
    assert "3 passed" in run_pytest(project)


def test_a_file_that_cannot_be_imported_is_named(project: Path) -> None:
    (project / "dags" / "bad.py").write_text("from airflow import DAG\nDAG(1)\n")
    output = run_pytest(project, "-k", "imported")
    assert "bad.py:2" in output
    assert "1 failed" in output


def test_a_test_run_without_dags_does_not_load_the_kit(project: Path) -> None:
    (project / "test_dags.py").write_text(
        "import sys\n\ndef test_nothing():\n"
        "    loaded = {name for name in sys.modules if name.startswith('etesian')}\n"
        "    assert loaded <= {'etesian', 'etesian.testing', 'etesian.testing.plugin'}, loaded\n"
    )
    assert "1 passed" in run_pytest(project)

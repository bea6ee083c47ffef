from __future__ import annotations

from pathlib import Path

import pytest

from etesian.compat.eras import era_of
from etesian.sdk.dags.dag_loading import DagFileError, load_dags


@pytest.mark.parametrize(
    ("source", "era"),
    [
        ("from airflow.operators.bash_operator import BashOperator", "1.10"),
        ("from airflow.operators import BashOperator", "1.10"),
        ("from airflow.contrib.hooks.ssh_hook import SSHHook", "1.10"),
        ("from airflow.operators.bash import BashOperator", "2.x"),
        ("from airflow import DAG", "2.x"),
        ("from airflow.sdk import DAG", "native"),
        ("import airflow.providers.standard.operators.bash", "native"),
        ("try:\n    from airflow.sdk import DAG\nexcept ImportError:\n    from airflow import DAG", "native"),
        ("from etesian import DAG", "native"),
        ("this is not python", "native"),
    ],
)
def test_the_imports_tell_the_era(tmp_path: Path, source: str, era: str) -> None:
    path = tmp_path / "file.py"
    path.write_text(source)
    assert era_of(path).name == era


def test_unknown_arguments_pass_in_files_of_1_and_are_errors_in_files_of_2(tmp_path: Path) -> None:
    body = "\nwith DAG('d'):\n    BashOperator(task_id='t', bash_command='true', nosuch=1)\n"
    old, new = tmp_path / "old.py", tmp_path / "new.py"
    old.write_text("from airflow import DAG\nfrom airflow.operators.bash_operator import BashOperator" + body)
    new.write_text("from airflow import DAG\nfrom airflow.operators.bash import BashOperator" + body)
    assert list(load_dags(old, dags_folder=tmp_path)) == ["d"]
    with pytest.raises(DagFileError, match=r"new.py:4: .*nosuch"):
        load_dags(new, dags_folder=tmp_path)


def test_a_dag_may_stand_in_front_of_its_tasks_as_in_1(tmp_path: Path) -> None:
    path = tmp_path / "file.py"
    path.write_text(
        "from airflow import DAG\nfrom airflow.operators.dummy_operator import DummyOperator\n"
        "dag = DAG('d')\ndag >> DummyOperator(task_id='a') >> DummyOperator(task_id='b', dag=dag)\n"
    )
    dag = load_dags(path, dags_folder=tmp_path)["d"]
    assert dag.get_task("b").upstream_task_ids == {"a"}

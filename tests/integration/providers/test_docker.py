"""The provider `docker` against a real engine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from etesian import DAG
from etesian.testing import run_dag
from tests.servers.docker import IMAGE, running_docker

pytestmark = pytest.mark.provider("docker")


@pytest.fixture(scope="module")
def engine() -> Iterator[str]:
    with running_docker() as url:
        yield url


def test_a_container_runs_a_templated_command_and_its_last_line_is_returned(engine: str) -> None:
    from airflow.providers.docker.operators.docker import DockerOperator

    with DAG("container", schedule=None) as dag:
        DockerOperator(
            task_id="run",
            docker_url=engine,
            image=IMAGE,
            command=["sh", "-c", "echo first; echo $DAY"],
            environment={"DAY": "{{ ds }}"},
            network_mode="none",
            mount_tmp_dir=False,
            auto_remove="force",
        )

    result = run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    assert result.task("run").xcom == "2030-01-02"
    assert "first" in result.task("run").log


def test_an_exit_code_fails_the_task_or_skips_it(engine: str) -> None:
    from airflow.providers.docker.operators.docker import DockerOperator

    options = {
        "docker_url": engine,
        "image": IMAGE,
        "network_mode": "none",
        "mount_tmp_dir": False,
        "auto_remove": "force",
    }
    with DAG("codes", schedule=None) as dag:
        DockerOperator(task_id="fails", command=["sh", "-c", "echo sorry; exit 3"], **options)
        DockerOperator(task_id="skips", command=["sh", "-c", "exit 99"], skip_on_exit_code=99, **options)

    result = run_dag(dag)

    assert result.states == {"fails": "failed", "skips": "skipped"}
    assert "sorry" in result.task("fails").log


def test_a_file_comes_back_and_a_mounted_folder_is_written(engine: str, tmp_path: Path) -> None:
    from airflow.providers.docker.operators.docker import DockerOperator
    from docker.types import Mount

    with DAG("files", schedule=None) as dag:
        DockerOperator(
            task_id="write",
            docker_url=engine,
            image=IMAGE,
            command=["sh", "-c", "echo sold > /there/day.txt"],
            mounts=[Mount(source=str(tmp_path), target="/there", type="bind")],
            network_mode="none",
            mount_tmp_dir=False,
            auto_remove="force",
        )

    run_dag(dag).raise_if_failed()

    assert (tmp_path / "day.txt").read_text() == "sold\n"


def test_a_python_function_runs_in_a_container(engine: str) -> None:
    from airflow.sdk import task
    from docker.types import Mount

    # The image has no Python; the one that runs this test is mounted.
    places = {"/usr", "/lib", "/lib64", sys.base_prefix}
    mounts = [
        Mount(source=each, target=each, type="bind", read_only=True) for each in places if Path(each).exists()
    ]

    with DAG("function", schedule=None) as dag:

        @task.docker(
            docker_url=engine,
            image=IMAGE,
            python_command=f"{sys.base_prefix}/bin/python3",
            environment={"PATH": "/usr/bin:/bin"},
            mounts=mounts,
            network_mode="none",
            mount_tmp_dir=False,
            auto_remove="force",
        )
        def double(value: int) -> dict[str, object]:
            from pathlib import Path

            return {"doubled": value * 2, "is_in_container": Path("/.dockerenv").exists()}

        double(21)

    assert run_dag(dag).raise_if_failed().task("double").xcom == {"doubled": 42, "is_in_container": True}

"""The provider `ftp` against a server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from etesian import DAG
from etesian.testing import run_dag
from tests.integration.providers.conftest import Connect
from tests.servers.ftp import PASSWORD, USER, running_ftp_server

pytestmark = pytest.mark.provider("ftp")


@pytest.fixture
def remote(tmp_path: Path, connect: Connect) -> Iterator[Path]:
    pytest.importorskip("pyftpdlib", reason="NOT INSTALLED: pyftpdlib, the FTP server")
    folder = tmp_path / "remote"
    folder.mkdir()
    with running_ftp_server(folder) as port:
        connect("files", conn_type="ftp", host="127.0.0.1", port=port, login=USER, password=PASSWORD)
        yield folder


def test_files_go_there_and_come_back(remote: Path, tmp_path: Path) -> None:
    from airflow.providers.ftp.operators.ftp import FTPFileTransmitOperator, FTPOperation

    (tmp_path / "out.txt").write_text("3 sold")
    with DAG("there_and_back", schedule=None) as dag:
        put = FTPFileTransmitOperator(
            task_id="put",
            ftp_conn_id="files",
            local_filepath=str(tmp_path / "out.txt"),
            remote_filepath="/{{ ds }}/there.txt",
            operation=FTPOperation.PUT,
            create_intermediate_dirs=True,
        )
        get = FTPFileTransmitOperator(
            task_id="get",
            ftp_conn_id="files",
            local_filepath=str(tmp_path / "back.txt"),
            remote_filepath="/{{ ds }}/there.txt",
            operation=FTPOperation.GET,
        )
        put >> get

    run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    assert (remote / "2030-01-02" / "there.txt").read_text() == "3 sold"
    assert (tmp_path / "back.txt").read_text() == "3 sold"


def test_a_sensor_waits_for_a_file(remote: Path) -> None:
    from airflow.providers.ftp.sensors.ftp import FTPSensor
    from airflow.sdk import task

    with DAG("wait", schedule=None) as dag:
        FTPSensor(task_id="wait", ftp_conn_id="files", path="/day.csv", mode="reschedule", poke_interval=30)

        @task
        def fill() -> None:
            (remote / "day.csv").write_text("x")

        fill()

    assert run_dag(dag).raise_if_failed().states == {"wait": "success", "fill": "success"}


def test_the_hook_lists_and_deletes(remote: Path) -> None:
    from airflow.providers.ftp.hooks.ftp import FTPHook
    from airflow.sdk import task

    for name in ("a.csv", "b.csv"):
        (remote / name).write_text(name)
    with DAG("tidy", schedule=None) as dag:

        @task
        def tidy() -> list[str]:
            with FTPHook("files") as hook:
                hook.delete_file("/a.csv")
                return hook.list_directory("/")

        tidy()

    assert run_dag(dag).raise_if_failed().task("tidy").xcom == ["b.csv"]

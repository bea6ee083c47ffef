"""The providers `ssh` and `sftp` against a real OpenSSH server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from etesian import DAG
from etesian.testing import run_dag
from tests.integration.providers.conftest import Connect
from tests.servers.ssh import SshServer, running_ssh_server


@pytest.fixture(scope="module")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with running_ssh_server(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture(autouse=True)
def _connections(ssh_server: SshServer, connect: Connect) -> None:
    for conn_type in ("ssh", "sftp"):
        connect(
            f"files_{conn_type}",
            conn_type=conn_type,
            host="127.0.0.1",
            port=ssh_server.port,
            login=ssh_server.user,
            extra={
                "key_file": str(ssh_server.key),
                "host_key": ssh_server.host_key,
                "no_host_key_check": False,
            },
        )


@pytest.mark.provider("ssh")
def test_a_command_runs_on_the_other_side_and_its_output_comes_back() -> None:
    from airflow.providers.ssh.operators.ssh import SSHOperator

    with DAG("command", schedule=None) as dag:
        SSHOperator(
            task_id="run", ssh_conn_id="files_ssh", command='echo {{ ds }}; test -n "$SSH_CONNECTION"'
        )

    result = run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    # The operator gives Base64, as Airflow's does unless XComs may be pickled.
    assert result.task("run").xcom == "MjAzMC0wMS0wMgo="


@pytest.mark.provider("ssh")
def test_an_exit_code_fails_the_task_or_skips_it() -> None:
    from airflow.providers.ssh.operators.ssh import SSHOperator

    with DAG("codes", schedule=None) as dag:
        SSHOperator(task_id="fails", ssh_conn_id="files_ssh", command="exit 3")
        SSHOperator(task_id="skips", ssh_conn_id="files_ssh", command="exit 99", skip_on_exit_code=99)

    result = run_dag(dag)

    assert result.states == {"fails": "failed", "skips": "skipped"}
    assert "exit status = 3" in str(result.task("fails").error)


@pytest.mark.provider("sftp")
@pytest.mark.parametrize("deferrable", [False, True])
def test_files_go_there_and_come_back(tmp_path: Path, deferrable: bool) -> None:
    from airflow.providers.sftp.operators.sftp import SFTPOperator

    (tmp_path / "out.txt").write_text("3 sold")
    with DAG("there_and_back", schedule=None, default_args={"deferrable": deferrable}) as dag:
        put = SFTPOperator(
            task_id="put",
            ssh_conn_id="files_sftp",
            local_filepath=str(tmp_path / "out.txt"),
            remote_filepath=str(tmp_path / "{{ ds }}" / "there.txt"),
            operation="put",
            create_intermediate_dirs=True,
        )
        get = SFTPOperator(
            task_id="get",
            ssh_conn_id="files_sftp",
            local_filepath=str(tmp_path / "back.txt"),
            remote_filepath=str(tmp_path / "{{ ds }}" / "there.txt"),
            operation="get",
        )
        put >> get

    run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    assert (tmp_path / "2030-01-02" / "there.txt").read_text() == "3 sold"
    assert (tmp_path / "back.txt").read_text() == "3 sold"


@pytest.mark.provider("sftp")
@pytest.mark.parametrize("deferrable", [False, True])
def test_a_sensor_waits_for_files(tmp_path: Path, deferrable: bool) -> None:
    from airflow.providers.sftp.operators.sftp import SFTPOperator
    from airflow.providers.sftp.sensors.sftp import SFTPSensor

    (tmp_path / "out.txt").write_text("3 sold")
    with DAG("wait", schedule=None) as dag:
        SFTPSensor(
            task_id="wait",
            sftp_conn_id="files_sftp",
            path=str(tmp_path),
            file_pattern="*.csv",
            mode="reschedule",
            poke_interval=30,
            deferrable=deferrable,
        )
        SFTPOperator(
            task_id="put",
            ssh_conn_id="files_sftp",
            local_filepath=str(tmp_path / "out.txt"),
            remote_filepath=str(tmp_path / "day.csv"),
        )

    result = run_dag(dag).raise_if_failed()

    assert result.states == {"wait": "success", "put": "success"}

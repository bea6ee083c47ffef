"""The provider `apache.hive`, with its Thrift client, against a stand-in for the metastore on loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from etesian import DAG
from etesian.testing import run_dag
from tests.integration.providers.conftest import Connect
from tests.servers.hive import Metastore, make_hive_program, running_metastore

pytestmark = pytest.mark.provider("apache.hive")


@pytest.fixture
def metastore(connect: Connect) -> Iterator[Metastore]:
    with running_metastore() as metastore:
        connect(
            "metastore_default",
            conn_type="hive_metastore",
            host="127.0.0.1",
            port=metastore.port,
            extra={"authMechanism": "NOSASL"},
        )
        metastore.partitions["web.clicks"] = set()
        yield metastore


def test_a_sensor_waits_for_a_partition(metastore: Metastore) -> None:
    from airflow.providers.apache.hive.sensors.hive_partition import HivePartitionSensor
    from airflow.sdk import task

    with DAG("wait", schedule=None) as dag:
        HivePartitionSensor(
            task_id="wait",
            schema="web",
            table="clicks",
            partition="ds='{{ ds }}'",
            mode="reschedule",
            poke_interval=60,
        )

        @task
        def load(ds: str) -> None:
            metastore.partitions["web.clicks"].add(f"ds={ds}")

        load(ds="{{ ds }}")

    result = run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    assert result.states == {"wait": "success", "load": "success"}
    assert metastore.asked == 2


def test_a_sensor_waits_for_partitions_by_name(metastore: Metastore) -> None:
    from airflow.providers.apache.hive.sensors.named_hive_partition import NamedHivePartitionSensor

    metastore.partitions["web.clicks"] = {"ds=2030-01-01", "ds=2030-01-02"}
    with DAG("names", schedule=None) as dag:
        NamedHivePartitionSensor(
            task_id="wait", partition_names=["web.clicks/ds={{ ds }}", "web.clicks/ds=2030-01-01"]
        )

    run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    assert metastore.asked == 2


def test_the_hook_asks_for_tables(metastore: Metastore) -> None:
    from airflow.providers.apache.hive.hooks.hive import HiveMetastoreHook
    from airflow.sdk import task

    with DAG("tables", schedule=None) as dag:

        @task
        def look() -> object:
            hook = HiveMetastoreHook()
            return hook.get_databases(), hook.table_exists("clicks", "web"), hook.table_exists("views", "web")

        look()

    assert run_dag(dag).raise_if_failed().task("look").xcom == (["web"], True, False)


def test_a_templated_script_is_given_to_the_hive_program(
    tmp_path: Path, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.providers.apache.hive.operators.hive import HiveOperator

    make_hive_program(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    connect(
        "hive_cli_default", conn_type="hive_cli", host="127.0.0.1", port=10000, extra={"use_beeline": False}
    )
    with DAG("script", schedule=None) as dag:
        HiveOperator(
            task_id="run",
            hql="ALTER TABLE clicks ADD PARTITION (ds='{{ ds }}'); SELECT '${hiveconf:run}'",
            hiveconfs={"run": "night"},
            schema="web",
        )

    run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    script = (tmp_path / "script").read_text()
    assert "USE web" in script
    assert "ds='2030-01-02'" in script
    arguments = (tmp_path / "arguments").read_text()
    assert "run=night" in arguments
    assert "airflow.ctx.dag_id=script" in arguments

"""The provider `microsoft.mssql`, with its real driver, against a stand-in that speaks SQL Server's protocol."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from etesian import DAG
from etesian.testing import run_dag
from tests.integration.providers.conftest import Connect
from tests.servers.hive import make_hive_program
from tests.servers.sqlserver import PASSWORD, SqlServer, running_sql_server

pytestmark = pytest.mark.provider("microsoft.mssql", "common.sql")


@pytest.fixture
def server(connect: Connect) -> Iterator[SqlServer]:
    with running_sql_server() as server:
        server.answers.columns = ("name", "sold")
        server.answers.rows = [("mon", 3), ("tue", None), ("wëd", 5)]
        login = {
            "conn_type": "mssql",
            "host": "127.0.0.1",
            "port": server.port,
            "login": "etl",
            "schema": "shop",
        }
        connect("warehouse", **login, password=PASSWORD)
        connect("stranger", **login, password="wrong")
        yield server


def test_a_statement_is_templated_and_bound_and_its_rows_are_returned(server: SqlServer) -> None:
    from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

    with DAG("ask", schedule=None) as dag:
        SQLExecuteQueryOperator(
            task_id="ask",
            conn_id="warehouse",
            sql="SELECT name, sold FROM day WHERE at >= '{{ ds }}' AND name <> %(not)s",
            parameters={"not": "sun"},
        )

    result = run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    assert result.task("ask").xcom == [("mon", 3), ("tue", None), ("wëd", 5)]
    assert (
        "SELECT name, sold FROM day WHERE at >= '2030-01-02' AND name <> N'sun'" in server.answers.statements
    )


def test_the_older_operator_and_the_hook_change_tables(server: SqlServer) -> None:
    from airflow.providers.microsoft.mssql.hooks.mssql import MsSqlHook
    from airflow.providers.microsoft.mssql.operators.mssql import MsSqlOperator
    from airflow.sdk import task

    with DAG("change", schedule=None) as dag:

        @task
        def insert() -> str:
            hook = MsSqlHook(mssql_conn_id="warehouse")
            hook.insert_rows("day", [("thu", 7)], target_fields=["name", "sold"])
            return hook.dialect_name

        MsSqlOperator(task_id="delete", mssql_conn_id="warehouse", sql="DELETE FROM day") >> insert()

    result = run_dag(dag).raise_if_failed()

    assert result.task("insert").xcom == "mssql"
    done = [each for each in server.answers.statements if each.startswith(("DELETE", "INSERT"))]
    assert done == ["DELETE FROM day", "INSERT INTO day (name, sold) VALUES (N'thu',N'7')"]


def test_a_wrong_password_fails_the_task_with_what_the_server_says(server: SqlServer) -> None:
    from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

    with DAG("refused", schedule=None) as dag:
        SQLExecuteQueryOperator(task_id="ask", conn_id="stranger", sql="SELECT 1")

    result = run_dag(dag)

    assert result.states == {"ask": "failed"}
    assert "Login failed for user" in str(result.task("ask").error)


@pytest.mark.provider("apache.hive")
def test_rows_are_moved_to_a_table_of_hive(
    server: SqlServer, tmp_path: Path, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.providers.apache.hive.transfers.mssql_to_hive import MsSqlToHiveOperator

    make_hive_program(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    connect(
        "hive_cli_default", conn_type="hive_cli", host="127.0.0.1", port=10000, extra={"use_beeline": False}
    )
    with DAG("move", schedule=None) as dag:
        MsSqlToHiveOperator(
            task_id="move",
            mssql_conn_id="warehouse",
            sql="SELECT name, sold FROM day",
            hive_table="web.day",
            partition={"ds": "{{ ds }}"},
            delimiter=",",
        )

    run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    loaded = (tmp_path / "script").read_text()
    assert "INTO TABLE web.day" in loaded
    assert "PARTITION (ds='2030-01-02')" in loaded

"""The provider `mysql` against a real MariaDB server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from etesian import DAG
from etesian.testing import run_dag
from tests.integration.providers.conftest import Connect
from tests.servers.mariadb import DATABASE, PASSWORD, USER, running_mariadb

pytestmark = pytest.mark.provider("mysql", "common.sql")


@pytest.fixture(scope="module")
def server_port() -> Iterator[int]:
    with running_mariadb() as port:
        yield port


@pytest.fixture(autouse=True)
def _connection(server_port: int, connect: Connect) -> None:
    connect(
        "shop",
        conn_type="mysql",
        host="127.0.0.1",
        port=server_port,
        login=USER,
        password=PASSWORD,
        schema=DATABASE,
        extra={"client": "mysql-connector-python"},
    )


def test_statements_are_run_and_rows_come_back() -> None:
    from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

    with DAG("load", schedule=None) as dag:
        fill = SQLExecuteQueryOperator(
            task_id="fill",
            conn_id="shop",
            sql=[
                "CREATE TABLE loaded (name DATE, sold INT)",
                "INSERT INTO loaded VALUES ('{{ ds }}', %(sold)s)",
            ],
            parameters={"sold": 3},
        )
        read = SQLExecuteQueryOperator(
            task_id="read", conn_id="shop", sql="SELECT CAST(name AS CHAR), sold FROM loaded"
        )
        fill >> read

    result = run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    assert result.task("read").xcom == [("2030-01-02", 3)]


def test_the_hook_inserts_and_replaces_rows() -> None:
    from airflow.providers.mysql.hooks.mysql import MySqlHook
    from airflow.sdk import task

    with DAG("hook", schedule=None) as dag:

        @task
        def load() -> object:
            hook = MySqlHook(mysql_conn_id="shop")
            hook.run("CREATE TABLE hooked (name VARCHAR(9) PRIMARY KEY, sold INT)")
            hook.insert_rows("hooked", [("mon", 1), ("tue", 2)], target_fields=["name", "sold"])
            hook.insert_rows("hooked", [("tue", 5)], target_fields=["name", "sold"], replace=True)
            return hook.get_records("SELECT name, sold FROM hooked ORDER BY sold")

        load()

    assert run_dag(dag).raise_if_failed().task("load").xcom == [("mon", 1), ("tue", 5)]


def test_a_wrong_statement_fails_with_what_the_server_says() -> None:
    from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

    with DAG("broken", schedule=None) as dag:
        SQLExecuteQueryOperator(task_id="broken", conn_id="shop", sql="SELECT * FROM nowhere")

    result = run_dag(dag)

    assert result.states == {"broken": "failed"}
    assert "nowhere" in str(result.task("broken").error)

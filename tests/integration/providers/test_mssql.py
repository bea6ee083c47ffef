"""The provider `microsoft.mssql` as far as it goes without SQL Server, which no package index has.

What needs the server's answers is not tested here: the driver is the real one, and nobody is there to answer it.
"""

from __future__ import annotations

import pytest

from etesian import DAG
from etesian.testing import run_dag
from tests.e2e.harness import find_free_port
from tests.integration.providers.conftest import Connect

pytestmark = pytest.mark.provider("microsoft.mssql", "common.sql")


@pytest.fixture(autouse=True)
def _connection(connect: Connect) -> None:
    connect(
        "warehouse",
        conn_type="mssql",
        host="127.0.0.1",
        port=find_free_port(),
        login="etl",
        password="p@ss",
        schema="shop",
    )


def test_a_server_that_does_not_answer_fails_the_task_and_is_named() -> None:
    from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

    with DAG("ask", schedule=None) as dag:
        SQLExecuteQueryOperator(task_id="ask", conn_id="warehouse", sql="SELECT 1")

    result = run_dag(dag)

    assert result.states == {"ask": "failed"}
    assert "127.0.0.1" in str(result.task("ask").error)


def test_the_hook_knows_its_address_and_the_dialect_of_its_statements() -> None:
    from airflow.providers.microsoft.mssql.hooks.mssql import MsSqlHook
    from airflow.sdk import task

    with DAG("hook", schedule=None) as dag:

        @task
        def look() -> object:
            hook = MsSqlHook(mssql_conn_id="warehouse")
            return hook.get_uri().split("@")[0], hook.dialect_name, type(hook.dialect).__name__

        look()

    address, name, dialect = run_dag(dag).raise_if_failed().task("look").xcom

    assert address.startswith("mssql+pymssql://etl:")
    assert (name, dialect) == ("mssql", "MsSqlDialect")


def test_the_older_operator_of_the_database_is_still_there() -> None:
    from airflow.providers.microsoft.mssql.operators.mssql import MsSqlOperator

    with DAG("older", schedule=None) as dag:
        MsSqlOperator(task_id="ask", mssql_conn_id="warehouse", sql="SELECT '{{ ds }}'")

    assert dag.get_task("ask").conn_id == "warehouse"

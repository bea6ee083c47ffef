"""The provider `postgres` against a real server."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import make_url

from etesian import DAG
from etesian.testing import run_dag
from tests.integration.providers.conftest import Connect

pytestmark = pytest.mark.provider("postgres", "common.sql")


@pytest.fixture
def _database(postgresql_url: str, connect: Connect) -> None:
    url = make_url(postgresql_url)
    connect(
        "warehouse",
        conn_type="postgres",
        host=url.host,
        port=url.port,
        login=url.username,
        schema=url.database,
    )


@pytest.mark.usefixtures("_database")
def test_statements_run_in_one_transaction_and_rows_come_back(tmp_path: Path) -> None:
    from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

    with DAG("load", schedule=None) as dag:
        fill = SQLExecuteQueryOperator(
            task_id="fill",
            conn_id="warehouse",
            sql="""
                CREATE TABLE day (name date, sold int);
                INSERT INTO day VALUES ('{{ ds }}', %(sold)s);
            """,
            parameters={"sold": 3},
            split_statements=True,
        )
        broken = SQLExecuteQueryOperator(
            task_id="broken",
            conn_id="warehouse",
            sql=["INSERT INTO day VALUES ('2030-01-03', 9)", "INSERT INTO nowhere VALUES (1)"],
        )
        read = SQLExecuteQueryOperator(
            task_id="read",
            conn_id="warehouse",
            sql="SELECT name::text, sold FROM day",
            trigger_rule="all_done",
        )
        fill >> broken >> read

    result = run_dag(dag, logical_date="2030-01-02")

    assert result.states == {"fill": "success", "broken": "failed", "read": "success"}
    assert "nowhere" in str(result.task("broken").error)
    assert result.task("read").xcom == [("2030-01-02", 3)]


@pytest.mark.usefixtures("_database")
def test_the_older_operator_of_the_database_works_too() -> None:
    from airflow.providers.postgres.operators.postgres import PostgresOperator

    with DAG("older", schedule=None) as dag:
        PostgresOperator(task_id="ask", postgres_conn_id="warehouse", sql="SELECT 42")

    assert run_dag(dag).raise_if_failed().task("ask").xcom == [(42,)]


@pytest.mark.usefixtures("_database")
def test_the_hook_inserts_rows_copies_files_and_gives_engines(tmp_path: Path) -> None:
    from airflow.providers.postgres.hooks.postgres import PostgresHook
    from airflow.sdk import task

    with DAG("hook", schedule=None) as dag:

        @task
        def load() -> object:
            hook = PostgresHook(postgres_conn_id="warehouse")
            hook.run("CREATE TABLE day (name text PRIMARY KEY, sold int)")
            hook.insert_rows("day", [("mon", 1), ("tue", 2)], target_fields=["name", "sold"])
            hook.insert_rows(
                "day", [("tue", 5)], target_fields=["name", "sold"], replace=True, replace_index="name"
            )
            (tmp_path / "more.tsv").write_text("wed\t3\n")
            hook.copy_expert("COPY day FROM STDIN", str(tmp_path / "more.tsv"))
            with hook.get_sqlalchemy_engine().connect() as connection:
                counted = connection.exec_driver_sql("SELECT count(*) FROM day").scalar()
            return counted, hook.get_records("SELECT * FROM day ORDER BY sold")

        load()

    assert run_dag(dag).raise_if_failed().task("load").xcom == (3, [("mon", 1), ("wed", 3), ("tue", 5)])


@pytest.mark.usefixtures("_database")
def test_a_check_of_a_column_fails_with_what_it_found() -> None:
    from airflow.providers.common.sql.operators.sql import SQLColumnCheckOperator, SQLExecuteQueryOperator

    with DAG("check", schedule=None) as dag:
        SQLExecuteQueryOperator(
            task_id="fill",
            conn_id="warehouse",
            sql="CREATE TABLE day (sold int); INSERT INTO day VALUES (1), (NULL)",
            split_statements=True,
        ) >> SQLColumnCheckOperator(
            task_id="check",
            conn_id="warehouse",
            table="day",
            column_mapping={"sold": {"null_check": {"equal_to": 0}}},
        )

    result = run_dag(dag)

    assert result.states == {"fill": "success", "check": "failed"}
    assert "null_check" in str(result.task("check").error)

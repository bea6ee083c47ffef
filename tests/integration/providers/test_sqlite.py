"""The providers `sqlite` and `common.sql` on SQLite files."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from etesian import DAG
from etesian.testing import run_dag
from tests.integration.providers.conftest import Connect

pytestmark = pytest.mark.provider("sqlite", "common.sql")


@pytest.fixture
def database(tmp_path: Path, connect: Connect) -> Path:
    path = tmp_path / "shop.db"
    connect("shop", conn_type="sqlite", host=str(path))
    return path


def fetch(database: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


def test_statements_are_templated_and_bound_and_their_rows_are_returned(database: Path) -> None:
    from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

    with DAG("statements", schedule=None) as dag:
        fill = SQLExecuteQueryOperator(
            task_id="fill",
            conn_id="shop",
            sql=["CREATE TABLE day (name TEXT, sold INTEGER)", "INSERT INTO day VALUES ('{{ ds }}', :sold)"],
            parameters={"sold": 3},
            split_statements=True,
        )
        read = SQLExecuteQueryOperator(task_id="read", conn_id="shop", sql="SELECT * FROM day")
        fill >> read

    result = run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    assert fetch(database, "SELECT * FROM day") == [("2030-01-02", 3)]
    assert result.task("read").xcom == [("2030-01-02", 3)]


def test_a_statement_file_is_found_beside_the_dag_file(database: Path, tmp_path: Path) -> None:
    from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

    (tmp_path / "count.sql").write_text("SELECT {{ params.first }} + 1")
    with DAG("file", schedule=None, template_searchpath=str(tmp_path)) as dag:
        SQLExecuteQueryOperator(task_id="count", conn_id="shop", sql="count.sql", params={"first": 41})

    assert run_dag(dag).raise_if_failed().task("count").xcom == [(42,)]


def test_checks_pass_and_fail_by_what_the_table_holds(database: Path) -> None:
    from airflow.providers.common.sql.operators.sql import (
        SQLColumnCheckOperator,
        SQLTableCheckOperator,
        SQLValueCheckOperator,
    )

    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executescript("CREATE TABLE day (sold INTEGER); INSERT INTO day VALUES (1), (2), (3)")
    with DAG("checks", schedule=None) as dag:
        SQLColumnCheckOperator(
            task_id="column",
            conn_id="shop",
            table="day",
            column_mapping={"sold": {"max": {"leq_to": 3}, "null_check": {"equal_to": 0}}},
        )
        SQLTableCheckOperator(
            task_id="table", conn_id="shop", table="day", checks={"rows": {"check_statement": "COUNT(*) = 3"}}
        )
        SQLValueCheckOperator(task_id="value", conn_id="shop", sql="SELECT SUM(sold) FROM day", pass_value=7)

    result = run_dag(dag)

    assert result.states == {"column": "success", "table": "success", "value": "failed"}
    assert "Test failed" in str(result.task("value").error)


def test_a_branch_follows_what_a_query_says(database: Path) -> None:
    from airflow.providers.common.sql.operators.sql import BranchSQLOperator
    from airflow.providers.standard.operators.empty import EmptyOperator

    with DAG("branch", schedule=None) as dag:
        BranchSQLOperator(
            task_id="choose",
            conn_id="shop",
            sql="SELECT 0",
            follow_task_ids_if_true="yes",
            follow_task_ids_if_false="no",
        ) >> [EmptyOperator(task_id="yes"), EmptyOperator(task_id="no")]

    assert run_dag(dag).states == {"choose": "success", "yes": "skipped", "no": "success"}


def test_a_sensor_waits_for_a_row(database: Path) -> None:
    from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
    from airflow.providers.common.sql.sensors.sql import SqlSensor

    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE day (sold INTEGER)")
    with DAG("wait", schedule=None) as dag:
        SqlSensor(
            task_id="wait", conn_id="shop", sql="SELECT sold FROM day", mode="reschedule", poke_interval=30
        )
        SQLExecuteQueryOperator(task_id="fill", conn_id="shop", sql="INSERT INTO day VALUES (5)")

    result = run_dag(dag).raise_if_failed()

    assert result.states == {"wait": "success", "fill": "success"}


def test_rows_are_moved_from_one_connection_to_another(
    database: Path, tmp_path: Path, connect: Connect
) -> None:
    from airflow.providers.common.sql.operators.generic_transfer import GenericTransfer

    copy = tmp_path / "copy.db"
    connect("copy", conn_type="sqlite", host=str(copy))
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executescript("CREATE TABLE day (sold INTEGER); INSERT INTO day VALUES (1), (2)")
    with DAG("move", schedule=None) as dag:
        GenericTransfer(
            task_id="move",
            sql="SELECT sold FROM day",
            source_conn_id="shop",
            destination_conn_id="copy",
            destination_table="day",
            preoperator="CREATE TABLE day (sold INTEGER)",
        )

    run_dag(dag).raise_if_failed()

    assert fetch(copy, "SELECT sold FROM day ORDER BY sold") == [(1,), (2,)]

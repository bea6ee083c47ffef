"""Providers in the processes of the platform: workers, a triggerer, connections from the environment."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from tests.servers.web import Request, Response, running_web_server

pytestmark = pytest.mark.provider("http", "sqlite", "common.sql", "standard")

DAG_FILE = """
from datetime import datetime

from airflow import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.http.sensors.http import HttpSensor

with DAG("orders", start_date=datetime(2030, 1, 1), schedule=None) as dag:
    wait = HttpSensor(task_id="wait", http_conn_id="shop", endpoint="ready", poke_interval=0.2, deferrable=True)
    fetch = HttpOperator(
        task_id="fetch",
        http_conn_id="shop",
        endpoint="orders",
        method="GET",
        response_filter=lambda response: response.json()["sold"],
        deferrable=True,
    )
    save = SQLExecuteQueryOperator(
        task_id="save",
        conn_id="warehouse",
        sql="CREATE TABLE day AS SELECT {{ ti.xcom_pull(task_ids='fetch') }} AS sold",
    )
    wait >> fetch >> save
"""


def test_a_pipeline_of_providers_waits_on_the_triggerer_and_ends(tmp_path: Path) -> None:
    tries = count(1)

    def answer(request: Request) -> Response:
        if request.path == "/ready":
            return Response("ready") if next(tries) > 2 else Response("not yet", status=404)
        return Response({"sold": 3})

    file = tmp_path / "orders.py"
    file.write_text(DAG_FILE)
    database = tmp_path / "shop.db"
    with running_web_server(answer) as server:
        connection = {"conn_type": "http", "host": "127.0.0.1", "port": server.server_port}
        environment = {
            **os.environ,
            "ETESIAN_HOME": str(tmp_path / "home"),
            "AIRFLOW_CONN_SHOP": json.dumps(connection),
            "AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "sqlite", "host": str(database)}),
        }
        done = subprocess.run(
            [Path(sys.executable).with_name("etesian"), "run", str(file)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    assert done.returncode == 0, done.stdout + done.stderr
    assert len(server.asked("GET", "/ready")) == 3
    with closing(sqlite3.connect(database)) as opened:
        assert opened.execute("SELECT sold FROM day").fetchall() == [(3,)]

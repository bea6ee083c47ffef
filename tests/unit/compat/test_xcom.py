"""``XCom``, as operators and their links ask it."""

from __future__ import annotations

from typing import Any

from etesian import DAG, task
from etesian.compat.models.xcom import XCom
from etesian.testing import run_dag


def test_values_are_asked_for_by_place_and_by_key() -> None:
    @task
    def push() -> int:
        return 7

    @task
    def ask(ti: Any = None) -> Any:
        place = {"dag_id": ti.dag_id, "task_id": "push", "run_id": ti.run_id}
        by_key = XCom.get_value(ti_key=ti.key._replace(task_id="push"), key="return_value")
        return by_key, XCom.get_one(key="return_value", **place), XCom.get_all(key="return_value", **place)

    with DAG("etl") as dag:
        push() >> ask()
    assert run_dag(dag).task("ask").xcom == (7, 7, [7])

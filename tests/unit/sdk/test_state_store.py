"""What tasks and assets keep, in whole runs of a DAG."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from etesian import DAG, Asset, task
from etesian.sdk.running.state_store import NEVER_EXPIRE, AssetStateStores, StateStoreError
from etesian.testing import run_dag

ORDERS, PRICES = Asset("orders", "s3://orders"), Asset("prices")


def test_a_task_keeps_values_over_its_tries() -> None:
    @task(retries=1)
    def job(task_state_store: Any = None, ti: Any = None) -> Any:
        found = task_state_store.get("job_id")
        if found is None:
            task_state_store.set("job_id", {"id": 7}, retention=NEVER_EXPIRE)
            task_state_store.set("brief", 1, retention=timedelta(hours=1))
            raise RuntimeError("the worker is gone")
        task_state_store.delete("brief")
        return ti.try_number, found, task_state_store.get("brief", default="forgotten")

    with DAG("etl") as dag:
        job()
    assert run_dag(dag).task("job").xcom == (2, {"id": 7}, "forgotten")


def test_mapped_instances_keep_values_apart() -> None:
    @task
    def one(number: int, task_state_store: Any = None) -> Any:
        before = task_state_store.get("number")
        task_state_store.set("number", number)
        return before, task_state_store.get("number")

    with DAG("etl") as dag:
        one.expand(number=[1, 2])
    run = run_dag(dag)
    assert [run.task(f"one[{index}]").xcom for index in range(2)] == [(None, 1), (None, 2)]


def test_an_asset_keeps_values_over_runs() -> None:
    @task(inlets=[PRICES], outlets=[ORDERS])
    def load(asset_state_store: Any = None) -> Any:
        kept = asset_state_store[ORDERS]
        watermark = kept.get("watermark", default=0)
        kept.set("watermark", watermark + 10)
        return watermark

    with DAG("etl") as dag:
        load()
    first = run_dag(dag)
    assert (first.task("load").xcom, run_dag(dag, after=first).task("load").xcom) == (0, 10)


def test_asynchronous_code_keeps_values_too() -> None:
    @task(outlets=[ORDERS])
    async def load(asset_state_store: Any = None) -> Any:
        await asset_state_store.aset("a", 1)
        await asset_state_store.aset("b", 2)
        await asset_state_store.adelete("a")
        seen = [await asset_state_store.aget(key) for key in "ab"]
        await asset_state_store.aclear()
        return seen, asset_state_store.get("b")

    with DAG("etl") as dag:
        load()
    assert run_dag(dag).task("load").xcom == ([None, 2], None)


@pytest.mark.parametrize("value", [None, object(), float("nan")])
def test_only_json_can_be_kept(value: object) -> None:
    with pytest.raises(StateStoreError, match="'key' cannot be kept"):
        AssetStateStores([ORDERS]).set("key", value)


def test_the_asset_must_be_one_of_the_task_s_and_be_named_where_there_are_several() -> None:
    with pytest.raises(StateStoreError, match="this task has 2 assets among its inlets and outlets"):
        AssetStateStores([ORDERS, PRICES]).get("key")
    with pytest.raises(KeyError, match="is neither an inlet nor an outlet of this task"):
        AssetStateStores([ORDERS])[PRICES]


def test_a_run_for_a_partition_says_which() -> None:
    @task
    def show(partition_key: Any = None, dag_run: Any = None, partition_date: Any = None) -> Any:
        return partition_key, dag_run.partition_key, partition_date

    with DAG("etl") as dag:
        show()
    assert run_dag(dag, partition_key="eu").task("show").xcom == ("eu", "eu", None)
    assert run_dag(dag).task("show").xcom == (None, None, None)

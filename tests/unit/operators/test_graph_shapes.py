"""Empty tasks, markers, and assets with a DAG of their own."""

from __future__ import annotations

from typing import Any

import pytest

from etesian.operators.asset import AssetDefinition, asset
from etesian.operators.empty import DummyOperator, EmptyOperator, SmoothOperator
from etesian.operators.external_task_marker import ExternalTaskMarker
from etesian.sdk.assets.asset import Asset
from etesian.sdk.dags.dag import DAG
from etesian.sdk.dags.spec_building import build_spec
from etesian.sdk.exceptions import InvalidDagError
from etesian.sdk.graph.scope import DagContext
from etesian.sdk.tasks.taskflow import task
from etesian.spec.task import MarkerSpec
from etesian.testing import run_dag
from tests.unit.memory_platform import DAY, make_context


def test_empty_tasks_do_nothing() -> None:
    with DAG("dag", start_date=DAY):
        for made in (EmptyOperator(task_id="a"), DummyOperator(task_id="b"), SmoothOperator(task_id="c")):
            assert made.execute(make_context(made)) is None
    assert DummyOperator.inherits_from_empty_operator


def test_a_marker_keeps_what_depends_on_it() -> None:
    with DAG("dag", start_date=DAY):
        marker = ExternalTaskMarker(task_id="m", external_dag_id="other", external_task_id="wait-{{ ds }}")
        marker.render_template_fields(make_context(marker))
        assert (marker.external_task_id, marker.logical_date) == (
            "wait-2030-01-01",
            "2030-01-01T00:00:00+00:00",
        )
        with pytest.raises(InvalidDagError, match="recursion_depth"):
            ExternalTaskMarker(task_id="n", external_dag_id="o", external_task_id="t", recursion_depth=0)


def test_a_marker_says_what_is_cleared_with_it() -> None:
    with DAG("dag", start_date=DAY) as dag:
        plain = {"external_dag_id": "other", "external_task_id": "wait"}
        ExternalTaskMarker(task_id="same", **plain)
        ExternalTaskMarker(
            task_id="later", **plain, logical_date="{{ macros.ds_add(ds, 1) }}", recursion_depth=3
        )
    spec = build_spec(dag, file="dag.py")
    assert spec.task("same").marker == MarkerSpec(dag_id="other", task_id="wait")
    assert spec.task("same").is_empty
    later = MarkerSpec(
        dag_id="other", task_id="wait", logical_date="{{ macros.ds_add(ds, 1) }}", recursion_depth=3
    )
    assert spec.task("later").marker == later
    assert not spec.task("later").is_empty


def test_a_function_becomes_an_asset_with_a_dag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DagContext, "current_autoregister_module_name", __name__)
    monkeypatch.setattr(DagContext, "autoregistered_dags", {})

    @asset(schedule="@daily", uri="s3://b/orders", tags=["sales"])
    def orders(self: Asset, context: Any, customers: Asset, limit: int = 5) -> tuple[Any, ...]:
        return self.uri, context["run_id"], customers.name, limit

    @asset(schedule=orders)
    def report() -> None:
        """Nothing."""

    assert isinstance(orders, AssetDefinition)
    dag, second = (found for found, _ in DagContext.autoregistered_dags)
    assert (dag.dag_id, dag.tags, second.dag_id) == ("orders", {"sales"}, "report")
    task = dag.get_task("orders")
    assert task.outlets == [orders]
    assert task.inlets == [Asset.ref(name="customers")]
    assert task.execute(make_context(task)) == ("s3://b/orders", "run", "customers", 5)


def test_an_asset_says_of_its_update_and_may_be_made_by_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DagContext, "current_autoregister_module_name", __name__)
    monkeypatch.setattr(DagContext, "autoregistered_dags", {})

    @asset(schedule=None)
    def orders(self: Asset, outlet_events: Any) -> None:
        outlet_events[self].add_partitions("eu")

    @asset(schedule=None)
    @task.bash
    def prices() -> str:
        return "echo 1"

    first, second = (found for found, _ in DagContext.autoregistered_dags)
    run = run_dag(first)
    assert [event.partition_key for event in run.store.asset_events] == ["eu"]
    assert first.get_task("orders").inlets == []
    assert second.get_task("prices").outlets == [prices]
    assert run_dag(second).task("prices").xcom == "1"


def test_one_function_may_make_several_assets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DagContext, "current_autoregister_module_name", __name__)
    monkeypatch.setattr(DagContext, "autoregistered_dags", {})
    a, b = Asset("a"), Asset("b")

    @asset.multi(schedule=None, outlets=[a, b])
    def both() -> None:
        """Nothing."""

    ((dag, _),) = DagContext.autoregistered_dags
    assert (both.name, dag.get_task("both").outlets) == ("both", [a, b])
    with pytest.raises(InvalidDagError, match="one outlet or more"):
        asset.multi(schedule=None, outlets=[])

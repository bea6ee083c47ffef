"""Empty tasks, markers, sub-DAGs as groups, and assets with a DAG of their own."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from etesian.operators.asset import AssetDefinition, asset
from etesian.operators.empty import DummyOperator, EmptyOperator, SmoothOperator
from etesian.operators.external_task_marker import ExternalTaskMarker
from etesian.operators.subdag import SubDagOperator
from etesian.sdk.assets import Asset
from etesian.sdk.dag import DAG
from etesian.sdk.exceptions import InvalidDagError
from etesian.sdk.scope import DagContext
from etesian.sdk.spec_building import build_spec
from etesian.sdk.task_group import TaskGroup
from etesian.spec.task import MarkerSpec
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


def sub(parent: str, name: str, *task_ids: str) -> DAG:
    with DAG(f"{parent}.{name}", start_date=DAY, schedule=timedelta(days=1)) as made:
        tasks = [EmptyOperator(task_id=task_id) for task_id in task_ids]
        for before, after in pairwise(tasks):
            before >> after
    return made


def test_a_sub_dag_becomes_a_group_whose_tasks_keep_their_names() -> None:
    with DAG("dag", start_date=DAY) as dag:
        first, last = EmptyOperator(task_id="first"), EmptyOperator(task_id="last")
        section = SubDagOperator(task_id="section", subdag=sub("dag", "section", "x", "y"))
        first >> section >> last
    assert sorted(dag.task_ids) == ["first", "last", "x", "y"]
    assert dag.get_task("x").upstream_task_ids == {"first"}
    assert dag.get_task("y").upstream_task_ids == {"x"}
    assert last.upstream_task_ids == {"y"}
    assert dag.get_task("x").dag is dag
    assert dag.get_task("x").task_group.group_id == "section"


def test_sub_dags_of_equal_task_names_are_told_apart_by_their_group() -> None:
    with DAG("dag", start_date=DAY) as dag:
        one = SubDagOperator(task_id="one", subdag=sub("dag", "one", "load", "clean"))
        two = SubDagOperator(
            task_id="two", subdag=sub("dag", "two", "load", "clean"), trigger_rule="all_done"
        )
        one >> two
    assert dag.task_ids == ["load", "clean", "two.load", "two.clean"]
    assert dag.get_task("two.load").upstream_task_ids == {"clean"}
    assert dag.get_task("two.load").trigger_rule == "all_done"
    assert dag.get_task("two.clean").trigger_rule == "all_success"


def test_a_group_inside_of_a_sub_dag_stays_a_group() -> None:
    with DAG("dag.inner", start_date=DAY) as inner:
        with TaskGroup("g"):
            a = EmptyOperator(task_id="a")
        a >> EmptyOperator(task_id="b")
    with DAG("dag", start_date=DAY) as dag:
        SubDagOperator(task_id="section", subdag=inner)
    assert dag.task_ids == ["g.a", "b"]
    groups = dag.task_group.get_task_group_dict()
    assert groups["g"].parent_group is groups["section"]
    assert dag.topological_sort()[0].task_id == "g.a"


def test_a_file_no_longer_defines_a_dag_that_became_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DagContext, "current_autoregister_module_name", __name__)
    monkeypatch.setattr(DagContext, "autoregistered_dags", {})
    with DAG("dag", start_date=DAY) as dag:
        inner = sub("dag", "inner", "x")
        SubDagOperator(task_id="inner", subdag=inner)
    assert [found for found, _ in DagContext.autoregistered_dags] == [dag]
    assert inner.is_subdag


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

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from etesian import DAG, task_group
from etesian.operators.empty import EmptyOperator
from etesian.protocol.reports import XComValue
from etesian.protocol.requests import FoundDag, GetDag, PushXCom, RunInfo, TaskStateItem
from etesian.protocol.workloads import RunContext, RunTask
from etesian.sdk.running.dag_run import DagRun
from etesian.sdk.running.task_instance import InstanceFacts, TaskInstance
from etesian.sdk.runtime import NoPlatformError, RequestRefusedError, ask
from etesian.sdk.xcoms.xcom import serialize

DAY = datetime(2030, 1, 2, tzinfo=UTC)
RUN = RunContext(
    dag_id="etl",
    run_id="r 1",
    run_type="manual",
    run_after=DAY,
    logical_date=DAY,
    started_at=DAY,
    conf={"k": 1},
)


@pytest.fixture
def dag() -> DAG:
    with DAG("etl") as dag:
        for name in ("a", "b", "c"):
            EmptyOperator(task_id=name)
        EmptyOperator.partial(task_id="many").expand(params=[{"n": 1}, {"n": 2}])

        @task_group
        def group(x: int) -> None:
            EmptyOperator(task_id="first") >> EmptyOperator(task_id="second")

        group.expand(x=[1, 2])
    return dag


def instance(dag: DAG, task_id: str, map_index: int = -1) -> TaskInstance:
    workload = RunTask(
        attempt_id="x",
        run=RUN,
        task_id=task_id,
        map_index=map_index,
        try_number=2,
        max_tries=3,
        file="etl.py",
    )
    return TaskInstance(dag.get_task(task_id), DagRun(RUN), InstanceFacts.of_task(workload))


@pytest.fixture
def pushes(memory_platform: Any, dag: DAG) -> None:
    instance(dag, "a").xcom_push("return_value", {"n": 1})
    instance(dag, "a").xcom_push(key="extra", value=[1, 2])
    instance(dag, "b").xcom_push("return_value", "text")
    for index in (0, 1):
        instance(dag, "many", index).xcom_push("return_value", index * 10)
        instance(dag, "group.first", index).xcom_push("return_value", f"g{index}")


@pytest.mark.usefixtures("pushes")
class TestPulling:
    def test_one_task_gives_its_value(self, dag: DAG) -> None:
        ti = instance(dag, "c")
        assert ti.xcom_pull("a") == {"n": 1}
        assert ti.xcom_pull(task_ids="a", key="extra") == [1, 2]

    def test_several_tasks_give_a_list_in_their_order(self, dag: DAG) -> None:
        assert instance(dag, "c").xcom_pull(task_ids=["b", "a", "c"]) == ["text", {"n": 1}, None]

    def test_what_was_not_pushed_is_the_default(self, dag: DAG) -> None:
        assert instance(dag, "c").xcom_pull("c") is None
        assert instance(dag, "c").xcom_pull("c", default=5) == 5

    def test_without_task_ids_any_task_will_do(self, dag: DAG) -> None:
        assert instance(dag, "c").xcom_pull(key="extra") == [1, 2]

    def test_a_mapped_task_gives_the_list_of_its_values(self, dag: DAG) -> None:
        ti = instance(dag, "c")
        assert ti.xcom_pull("many") == [0, 10]
        assert ti.xcom_pull("many", map_indexes=1) == 10
        assert ti.xcom_pull("many", map_indexes=[1]) == [10]
        assert ti.xcom_pull("many", map_indexes=range(1, 3), default=-1) == [10, -1]
        assert ti.xcom_pull("many", map_indexes=[5]) == [None]
        assert ti.xcom_pull(["a", "many"]) == [{"n": 1}, 0, 10]

    def test_inside_a_mapped_group_a_neighbour_means_the_same_index(self, dag: DAG) -> None:
        assert instance(dag, "group.second", 1).xcom_pull("group.first") == "g1"
        assert instance(dag, "c").xcom_pull("group.first") == ["g0", "g1"]
        assert instance(dag, "group.second", 1).xcom_pull("many") == [0, 10]

    def test_other_dags_and_runs_can_be_asked(self, dag: DAG, memory_platform: Any) -> None:
        memory_platform.xcoms["other", "r 1", "t", -1, "return_value"] = serialize("theirs")
        memory_platform.xcoms["etl", "older", "c", -1, "return_value"] = serialize("old")
        ti = instance(dag, "c")
        assert ti.xcom_pull("t", dag_id="other") == "theirs"
        assert ti.xcom_pull("c", run_id="older") == "old"
        assert ti.xcom_pull("c", include_prior_dates=True) == "old"
        assert ti.xcom_pull("a", include_prior_dates=True) == {"n": 1}


def test_a_push_is_sent_at_once_with_the_attempt_that_makes_it(dag: DAG, memory_platform: Any) -> None:
    instance(dag, "many", 1).xcom_push("key", [1])
    assert memory_platform.requests == [
        PushXCom(
            attempt_id="x",
            dag_id="etl",
            run_id="r 1",
            task_id="many",
            map_index=1,
            value=XComValue(key="key", value=b"[1]", length=1),
        )
    ]


def test_a_refusal_is_an_error_that_says_why(memory_platform: Any) -> None:
    with pytest.raises(RequestRefusedError, match="GetDag was refused: no table for GetDag"):
        ask(GetDag(dag_id="x"), FoundDag)


def test_attributes_that_files_read(dag: DAG) -> None:
    ti = instance(dag, "many", 1)
    assert (ti.dag_id, ti.task_id, ti.run_id, ti.map_index) == ("etl", "many", "r 1", 1)
    assert (ti.try_number, ti.max_tries, ti.prev_attempted_tries, ti.is_eligible_to_retry()) == (
        2,
        3,
        1,
        True,
    )
    assert (ti.state, ti.operator, ti.pool) == ("running", "EmptyOperator", "default_pool")
    assert ti.key == ("etl", "many", "r 1", 2, 1)
    assert ti.key.primary == ("etl", "many", "r 1", 1)
    assert ti.execution_date == DAY
    assert ti.get_dagrun() is ti.dag_run
    assert ti.hostname
    assert repr(ti) == "<TaskInstance: etl.many r 1 map_index=1 [running]>"


def test_the_log_url_names_run_task_map_index_and_try(dag: DAG, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETESIAN__API__BASE_URL", "https://flows.example.com/")
    expected = "https://flows.example.com/dags/etl/runs/r%201/tasks/many/mapped/1?try_number=2"
    assert instance(dag, "many", 1).log_url == expected


def test_without_a_base_url_links_lead_to_the_host_and_port_of_the_settings(
    dag: DAG, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETESIAN__API__PORT", "8123")
    assert instance(dag, "many", 1).log_url.startswith("http://127.0.0.1:8123/dags/etl/")
    monkeypatch.setenv("AIRFLOW__WEBSERVER__BASE_URL", "https://old.example.com")
    assert instance(dag, "many", 1).log_url.startswith("https://old.example.com/dags/etl/")


def test_sensors_ask_for_states_and_counts_of_other_dags(dag: DAG, memory_platform: Any) -> None:
    memory_platform.states = [
        TaskStateItem(run_id="r", task_id="a", state="success"),
        TaskStateItem(run_id="r", task_id="b", map_index=1, state="failed"),
    ]
    memory_platform.runs = [
        RunInfo(dag_id="x", run_id="r", run_type="manual", state="success", run_after=DAY)
    ]
    ti = instance(dag, "a")
    assert (ti.get_ti_count("x"), ti.get_ti_count("x", states=["failed"])) == (2, 1)
    assert ti.get_task_states("x", run_ids=["r"]) == {"r": {"a": "success", "b_1": "failed"}}
    assert (ti.get_dr_count("x"), ti.get_dr_count("x", states=["failed"])) == (1, 0)
    assert ti.get_dagrun_state("x", "r") == "success"


class TestDagRun:
    def test_attributes_that_files_read(self) -> None:
        run = DagRun(RUN)
        assert (run.dag_id, run.run_id, run.run_type, run.conf, run.state) == (
            "etl",
            "r 1",
            "manual",
            {"k": 1},
            "running",
        )
        assert (run.logical_date, run.execution_date, run.run_after, run.start_date) == (DAY, DAY, DAY, DAY)
        assert (run.end_date, run.queued_at, run.data_interval_start) == (None, None, None)
        assert (run.external_trigger, run.is_backfill, run.get_state()) == (True, False, "running")

    def test_task_instances_are_asked_of_the_platform(self, memory_platform: Any) -> None:
        memory_platform.states = [
            TaskStateItem(run_id="r 1", task_id="a", state="success"),
            TaskStateItem(run_id="r 1", task_id="b", map_index=1, state="failed"),
        ]
        run = DagRun(RUN)
        assert [(ti.task_id, ti.state) for ti in run.get_task_instances()] == [
            ("a", "success"),
            ("b", "failed"),
        ]
        assert [ti.task_id for ti in run.get_task_instances(state="failed")] == ["b"]
        found = run.get_task_instance("b", map_index=1)
        assert found is not None
        assert found.current_state() == "failed"
        assert run.get_task_instance("c") is None

    def test_the_run_before_can_be_of_a_state_or_kind(self, memory_platform: Any) -> None:
        def info(run_id: str, run_type: str, state: str) -> RunInfo:
            date = DAY - timedelta(days=1)
            return RunInfo(
                dag_id="etl", run_id=run_id, run_type=run_type, state=state, run_after=date, logical_date=date
            )

        memory_platform.runs = [info("m", "manual", "success"), info("s", "scheduled", "failed")]
        run = DagRun(RUN)
        found = [
            run.get_previous_dagrun(),
            run.get_previous_dagrun("failed"),
            run.get_previous_scheduled_dagrun(),
        ]
        assert [one.run_id for one in found if one is not None] == ["m", "s", "s"]

    def test_without_a_platform_the_error_says_so(self) -> None:
        with pytest.raises(NoPlatformError, match="this works only while etesian runs the code"):
            DagRun(RUN).get_task_instances()

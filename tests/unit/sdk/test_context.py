from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pendulum
import pytest

from etesian import DAG, Param, task
from etesian.operators.python import PythonOperator
from etesian.protocol.requests import GetRunStates, RunInfo
from etesian.protocol.workloads import RunContext
from etesian.sdk.context import Context, LazyValue, context_merge
from etesian.sdk.context_keys import CONTEXT_KEYS
from etesian.sdk.exceptions import ParamValidationError
from etesian.sdk.running.context_building import build_context
from etesian.sdk.running.dag_run import DagRun
from etesian.sdk.running.task_instance import InstanceFacts, TaskInstance
from etesian.sdk.xcoms.xcom import deserialize

DAY = datetime(2030, 1, 2, tzinfo=UTC)
RUN = RunContext(
    dag_id="etl",
    run_id="scheduled__2030-01-02",
    run_type="scheduled",
    run_after=DAY + timedelta(days=1),
    logical_date=DAY,
    data_interval_start=DAY,
    data_interval_end=DAY + timedelta(days=1),
)

pytestmark = pytest.mark.usefixtures("memory_platform")


def context_of(run: RunContext = RUN, **dag_kwargs: Any) -> Context:
    dag = DAG("etl", **{"schedule_interval": "@daily", **dag_kwargs})
    operator = PythonOperator(task_id="t", python_callable=print, dag=dag)
    return build_context(TaskInstance(operator, DagRun(run), InstanceFacts(attempt_id="a")))


def test_every_key_of_every_era_is_there() -> None:
    later = {"exception", "reason", "start_date", "task_reschedule_count"}  # callbacks and sensors add these
    assert set(context_of()) >= CONTEXT_KEYS - later


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("ds", "2030-01-02"),
        ("ds_nodash", "20300102"),
        ("ts", "2030-01-02T00:00:00+00:00"),
        ("ts_nodash", "20300102T000000"),
        ("ts_nodash_with_tz", "20300102T000000+0000"),
        ("yesterday_ds", "2030-01-01"),
        ("yesterday_ds_nodash", "20300101"),
        ("tomorrow_ds", "2030-01-03"),
        ("tomorrow_ds_nodash", "20300103"),
        ("prev_ds", "2030-01-01"),
        ("prev_ds_nodash", "20300101"),
        ("next_ds", "2030-01-03"),
        ("next_ds_nodash", "20300103"),
        ("run_id", "scheduled__2030-01-02"),
        ("task_instance_key_str", "etl__t__20300102"),
        ("test_mode", False),
        ("try_number", 1),
    ],
)
def test_plain_values(key: str, expected: Any) -> None:
    assert context_of()[key] == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("logical_date", DAY),
        ("execution_date", DAY),
        ("data_interval_start", DAY),
        ("data_interval_end", DAY + timedelta(days=1)),
        ("prev_execution_date", DAY - timedelta(days=1)),
        ("next_execution_date", DAY + timedelta(days=1)),
    ],
)
def test_dates_are_pendulum_datetimes_as_users_expect(key: str, expected: datetime) -> None:
    value = context_of()[key]
    assert isinstance(value, pendulum.DateTime)
    assert value == expected


@pytest.mark.parametrize("schedule", [{"schedule_interval": "0 0 * * 1-5"}, {"schedule": "0 0 * * 1-5"}])
def test_neighbours_follow_the_schedule(schedule: dict[str, Any]) -> None:
    friday = datetime(2030, 1, 4, tzinfo=UTC)
    interval = {"data_interval_start": friday, "data_interval_end": friday}
    if "schedule_interval" in schedule:
        interval["data_interval_end"] = datetime(2030, 1, 7, tzinfo=UTC)
    run = RunContext(
        dag_id="etl",
        run_id="r",
        run_type="scheduled",
        run_after=interval["data_interval_end"],
        logical_date=friday,
        **interval,
    )
    dag = DAG("etl", **schedule)
    operator = PythonOperator(task_id="t", python_callable=print, dag=dag)
    context = build_context(TaskInstance(operator, DagRun(run), InstanceFacts(attempt_id="a")))
    assert (context["prev_ds"], context["next_ds"]) == ("2030-01-03", "2030-01-07")


def test_a_run_that_was_asked_for_is_its_own_neighbour() -> None:
    run = RunContext(dag_id="etl", run_id="m", run_type="manual", run_after=DAY, logical_date=DAY)
    context = context_of(run)
    assert (context["prev_ds"], context["next_ds"]) == ("2030-01-02", "2030-01-02")


def test_a_run_without_a_logical_date_is_known_by_when_it_could_start() -> None:
    context = context_of(RunContext(dag_id="etl", run_id="m", run_type="manual", run_after=DAY))
    assert context["logical_date"] is None
    assert (context["ds"], context["ts"]) == ("2030-01-02", "2030-01-02T00:00:00+00:00")
    assert context["data_interval_start"] == DAY


def test_the_last_successful_run_is_asked_for_once_and_only_when_used(memory_platform: Any) -> None:
    started = DAY - timedelta(hours=1)
    memory_platform.runs = [
        RunInfo(
            dag_id="etl",
            run_id="before",
            run_type="scheduled",
            state="success",
            run_after=DAY,
            logical_date=DAY - timedelta(days=1),
            data_interval_start=DAY - timedelta(days=1),
            data_interval_end=DAY,
            started_at=started,
        )
    ]
    context = context_of()
    assert memory_platform.requests == []
    assert context["prev_start_date_success"] == started
    assert context["prev_data_interval_end_success"] == DAY
    assert context["prev_end_date_success"] is None
    assert memory_platform.requests == [GetRunStates(dag_id="etl", states=("success",), before=DAY, limit=1)]


def test_without_an_earlier_success_its_dates_are_none() -> None:
    assert context_of()["prev_data_interval_start_success"] is None


def test_a_key_that_is_not_there_is_an_error_that_lists_the_others() -> None:
    with pytest.raises(KeyError, match="the context has no key 'dss'; it has asset_state_store, conf, conn"):
        context_of()["dss"]
    assert context_of().get("dss", 5) == 5


def test_templates_reach_variables_params_macros_and_conf(memory_platform: Any) -> None:
    memory_platform.variables = {"city": "Oslo", "limits": '{"rows": 5}'}
    context = context_of(params={"n": Param(3)})
    template = (
        "{{ var.value.city }} {{ var.json.limits.rows }} {{ var.value.get('none', 'x') }} {{ params.n }} "
        "{{ macros.ds_add(ds, 1) }} {{ dag_run.conf.get('k') }} {{ ti.task_id }} {{ logical_date | "
        "ds_nodash }}"
    )
    assert context["task"].render_template(template, context) == "Oslo 5 x 3 2030-01-03 None t 20300102"


def test_conf_overrides_params_and_adds_to_them() -> None:
    run = RunContext(dag_id="etl", run_id="m", run_type="manual", run_after=DAY, conf={"n": 5, "extra": 1})
    assert context_of(run, params={"n": 1})["params"] == {"n": 5, "extra": 1}


def test_a_conf_that_a_schema_refuses_is_an_error() -> None:
    run = RunContext(dag_id="etl", run_id="m", run_type="manual", run_after=DAY, conf={"n": "x"})
    with pytest.raises(ParamValidationError, match="param 'n': 'x' is not of type integer"):
        context_of(run, params={"n": Param(1, type="integer")})


class TestLaziness:
    def test_a_lazy_value_is_computed_once_and_given_as_itself(self) -> None:
        calls: list[int] = []

        def compute() -> str:
            calls.append(1)
            return "x"

        context = Context(a=LazyValue(compute), b=1)
        assert calls == []
        assert (context["a"], context.get("a"), dict(context.items())["a"]) == ("x", "x", "x")
        assert type(context["a"]) is str
        assert calls == [1]

    def test_unpacking_asks_for_nothing_and_the_stand_in_behaves_like_the_value(self) -> None:
        asked: list[int] = []

        def compute() -> datetime:
            asked.append(1)
            return DAY

        def function(**kwargs: Any) -> Any:
            assert asked == []
            value = kwargs["date"]
            return (
                value.year,
                value == DAY,
                value > DAY - timedelta(days=1),
                value - DAY,
                f"{value:%d}",
                bool(value),
            )

        assert function(**Context(date=LazyValue(compute))) == (2030, True, True, timedelta(0), "02", True)

    def test_copies_stay_lazy_and_merging_adds_keys(self) -> None:
        context = Context(a=LazyValue(lambda: 1))
        twin = context.copy()
        context_merge(twin, {"b": 2}, c=3)
        assert (twin["a"], twin["b"], twin["c"], "b" in context) == (1, 2, 3, False)


class TestCallables:
    def run(self, run_task: Any, function: Any, **kwargs: Any) -> Any:
        operator = PythonOperator(task_id="t", python_callable=function, dag=DAG("etl"), **kwargs)
        outcome = run_task(operator)
        return deserialize(outcome.xcoms[0].value)

    def test_a_function_gets_the_keys_that_it_names(self, run_task: Any) -> None:
        def work(ds: str, run_id: str, missing: str = "default") -> list[str]:
            return [ds, run_id, missing]

        assert self.run(run_task, work) == ["2030-01-02", "scheduled__2030-01-02", "default"]

    def test_a_function_with_keyword_arguments_gets_all(self, run_task: Any) -> None:
        def work(**context: Any) -> list[Any]:
            return [context["ds"], context["ti"].task_id, context["own"]]

        assert self.run(run_task, work, op_kwargs={"own": 1}) == ["2030-01-02", "t", 1]

    def test_own_arguments_win_over_the_context(self, run_task: Any) -> None:
        assert self.run(run_task, lambda ds: ds, op_kwargs={"ds": "mine"}) == "mine"

    def test_taskflow_functions_may_leave_context_arguments_out_of_the_call(self, run_task: Any) -> None:
        @task
        def work(x: int, ds: str | None = None, ti: Any = None) -> list[Any]:
            return [x, ds, ti.task_id]

        with DAG("etl"):
            result = work(5)
        assert deserialize(run_task(result).xcoms[0].value) == [5, "2030-01-02", "work"]

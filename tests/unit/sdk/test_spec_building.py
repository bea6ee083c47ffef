from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
import pytest
from dateutil.relativedelta import relativedelta

from etesian import DAG, Asset, AssetAlias, Label, Param, TaskGroup, task, task_group
from etesian.operators.bash import BashOperator
from etesian.operators.empty import EmptyOperator
from etesian.sdk.dags.deadline import DeadlineAlert, DeadlineReference
from etesian.sdk.dags.spec_building import build_spec
from etesian.sdk.era import AIRFLOW_2, using_era
from etesian.sdk.exceptions import (
    AirflowDagCycleException,
    AirflowTimetableInvalid,
    FailFastDagInvalidTriggerRule,
    InvalidDagError,
    ParamValidationError,
    UnknownArgumentError,
)
from etesian.sdk.tasks.operator import BaseOperator
from etesian.sdk.tasks.weight_rules import PriorityWeightStrategy
from etesian.sdk.timetables.timetable_classes import CronDataIntervalTimetable, EventsTimetable
from etesian.spec.asset import AssetAliasSpec, AssetAll, AssetSpec
from etesian.spec.codec import compute_hash, decode_dag, encode_dag
from etesian.spec.dag import DagSpec, DeadlineSpec, ParamSpec
from etesian.spec.schedule import (
    AssetSchedule,
    ContinuousSchedule,
    CronIntervalSchedule,
    CronTriggerSchedule,
    DeltaIntervalSchedule,
    DeltaTriggerSchedule,
    EventsSchedule,
    NoSchedule,
    OnceSchedule,
    Schedule,
)
from etesian.spec.task import EdgeLabelSpec, GroupSpec, LiteralInput, MapSpec, TaskSpec
from etesian.spec.trigger_rule import TriggerRule
from etesian.timetables.errors import InvalidScheduleError

START = datetime(2030, 1, 1, tzinfo=UTC)


def spec_of(dag: DAG) -> DagSpec:
    return build_spec(dag, file="etl.py")


def one_task(**kwargs: Any) -> TaskSpec:
    with DAG("etl") as dag:
        BaseOperator(task_id="t", **kwargs)
    return spec_of(dag).task("t")


def test_the_smallest_dag() -> None:
    assert spec_of(DAG("etl")) == DagSpec(dag_id="etl", file="etl.py", schedule_text="None")


def test_a_pipeline_as_a_whole() -> None:
    def alarm(context: Any) -> None: ...

    with DAG(
        "etl",
        description="Loads",
        schedule="0 6 * * *",
        start_date=datetime(2030, 1, 1, tzinfo=ZoneInfo("Europe/Oslo")),
        end_date=datetime(2031, 1, 1, tzinfo=UTC),
        catchup=True,
        default_args={"owner": "data", "retries": 2, "retry_delay": timedelta(seconds=10)},
        params={"n": Param(5, type="integer", description="rows")},
        max_active_runs=3,
        max_active_tasks=7,
        max_consecutive_failed_dag_runs=4,
        dagrun_timeout=timedelta(hours=2),
        tags=["b", "a"],
        doc_md="# Doc",
        dag_display_name="The ETL",
        on_failure_callback=alarm,
        sla_miss_callback=alarm,
        is_paused_upon_creation=False,
        owner_links={"data": "https://example.com"},
        access_control={"team": {"DAGs": {"can_read", "can_edit"}}},
        render_template_as_native_obj=True,
    ) as dag:
        extract = EmptyOperator(task_id="extract")
        with TaskGroup("load", tooltip="all loads"):
            load = BashOperator(
                task_id="table", bash_command="true", pool="db", on_retry_callback=alarm, owner="dba"
            )
        extract >> Label("rows") >> load

    assert spec_of(dag) == DagSpec(
        dag_id="etl",
        file="etl.py",
        description="Loads",
        schedule=CronTriggerSchedule(expressions=("0 6 * * *",), timezone="Europe/Oslo"),
        schedule_text="0 6 * * *",
        start_date=datetime(2029, 12, 31, 23, tzinfo=UTC),
        end_date=datetime(2031, 1, 1, tzinfo=UTC),
        timezone="Europe/Oslo",
        catchup=True,
        params={"n": ParamSpec(value=5, schema={"type": "integer"}, description="rows")},
        max_active_runs=3,
        max_active_tasks=7,
        max_consecutive_failed_runs=4,
        dagrun_timeout_seconds=7200.0,
        tags=("a", "b"),
        doc_md="# Doc",
        display_name="The ETL",
        callbacks=("failure", "sla_miss"),
        is_paused_upon_creation=False,
        owners=("data", "dba"),
        owner_links={"data": "https://example.com"},
        access_control={"team": {"DAGs": ["can_edit", "can_read"]}},
        render_template_as_native_obj=True,
        edge_labels=(EdgeLabelSpec(upstream="extract", downstream="load.table", label="rows"),),
        groups=(GroupSpec(group_id="load", tooltip="all loads"),),
        tasks=(
            TaskSpec(
                task_id="extract",
                operator="EmptyOperator",
                operator_module="etesian.operators.empty",
                retries=2,
                retry_delay_seconds=10.0,
                priority=2,
                is_empty=True,
                owner="data",
                ui_color="#e8f7e4",
                line=spec_of(dag).task("extract").line,
            ),
            TaskSpec(
                task_id="load.table",
                operator="BashOperator",
                operator_module="etesian.operators.bash",
                upstream=("extract",),
                group="load",
                retries=2,
                retry_delay_seconds=10.0,
                pool="db",
                callbacks=("retry",),
                owner="dba",
                template_fields=("bash_command", "env", "cwd"),
                ui_color="#f0ede4",
                line=spec_of(dag).task("load.table").line,
            ),
        ),
    )


@pytest.mark.parametrize(
    ("kwargs", "expected"),
    [
        ({"retry_exponential_backoff": True}, {"retry_backoff_factor": 2.0}),
        ({"retry_exponential_backoff": 1.5}, {"retry_backoff_factor": 1.5}),
        (
            {"max_retry_delay": 60, "execution_timeout": 5},
            {"max_retry_delay_seconds": 60.0, "execution_timeout_seconds": 5.0},
        ),
        ({"wait_for_downstream": True}, {"wait_for_downstream": True, "depends_on_past": True}),
        (
            {"trigger_rule": "none_failed_or_skipped"},
            {"trigger_rule": TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS},
        ),
        ({"start_date": START, "end_date": START}, {"start_date": START, "end_date": START}),
        ({"priority_weight": 5, "weight_rule": "absolute"}, {"priority": 5, "weight_rule": "absolute"}),
        (
            {"queue": "q", "executor": "k8s", "run_as_user": "me"},
            {"queue": "q", "executor": "k8s", "run_as_user": "me"},
        ),
        ({"executor_config": {"a": {1, 2}}}, {"executor_config": {"a": [1, 2]}}),
        (
            {"task_concurrency": 2, "max_active_tis_per_dagrun": 1},
            {"max_active_per_dag": 2, "max_active_per_run": 1},
        ),
        ({"isolation": "spawn"}, {"isolation": "spawn"}),
        ({"sla": timedelta(hours=1)}, {"deadlines_seconds": (3600.0,)}),
        ({"task_display_name": "Nice", "doc_md": "x"}, {"display_name": "Nice", "doc": "x"}),
        ({"params": {"a": 1}}, {"params": {"a": 1}}),
        ({"multiple_outputs": True}, {"multiple_outputs": True}),
        ({"on_execute_callback": print, "on_skipped_callback": print}, {"callbacks": ("execute", "skipped")}),
        ({"email": "a@example.com", "email_on_retry": False}, {"callbacks": ("failure",)}),
        ({"outlets": Asset("s3://a")}, {"outlets": (AssetSpec(name="s3://a", uri=Asset("s3://a").uri),)}),
        ({"inlets": [AssetAlias("x")]}, {"inlets": (AssetAliasSpec(name="x"),)}),
    ],
)
def test_each_argument_of_a_task_is_in_its_spec(kwargs: dict[str, Any], expected: dict[str, Any]) -> None:
    spec = one_task(**kwargs)
    assert {name: getattr(spec, name) for name in expected} == expected


def test_dates_in_default_args_belong_to_the_dag_and_are_not_repeated() -> None:
    with DAG("etl", default_args={"start_date": START, "end_date": START}) as dag:
        BaseOperator(task_id="t")
    spec = spec_of(dag)
    assert (spec.start_date, spec.end_date, spec.task("t").start_date, spec.task("t").end_date) == (
        START,
        START,
        None,
        None,
    )


def test_a_dag_without_a_start_date_takes_the_earliest_of_its_tasks() -> None:
    with DAG("etl") as dag:
        BaseOperator(task_id="a", start_date=START + timedelta(days=1))
        BaseOperator(task_id="b", start_date=START)
    assert spec_of(dag).start_date == START


@pytest.mark.parametrize(
    ("kwargs", "is_empty"),
    [
        ({}, True),
        ({"on_success_callback": print}, False),
        ({"outlets": [Asset("a")]}, False),
        ({"pre_execute": print}, False),
    ],
)
def test_an_empty_task_is_completed_without_a_worker_unless_something_of_the_authors_runs(
    kwargs: dict[str, Any], is_empty: bool
) -> None:
    with DAG("etl") as dag:
        EmptyOperator(task_id="t", **kwargs)
    assert spec_of(dag).task("t").is_empty is is_empty


def test_setups_teardowns_sensors_and_mapped_tasks_say_what_they_are() -> None:
    with DAG("etl") as dag:
        made = EmptyOperator(task_id="s")
        EmptyOperator(task_id="x").as_teardown(setups=made, on_failure_fail_dagrun=True)
        task.sensor(task_id="wait")(lambda: True)()
        BashOperator.partial(task_id="m").expand(bash_command=["a", "b"])
    spec = spec_of(dag)
    assert spec.task("s").is_setup
    teardown = spec.task("x")
    assert (teardown.is_teardown, teardown.on_failure_fail_dag_run, teardown.upstream) == (True, True, ("s",))
    assert teardown.trigger_rule is TriggerRule.ALL_DONE_SETUP_SUCCESS
    assert spec.task("wait").is_sensor
    assert spec.task("m").mapped == MapSpec(inputs={"bash_command": LiteralInput(length=2)})


def test_groups_are_listed_from_the_outside_in_with_their_mapping() -> None:
    @task_group
    def part(x: int) -> None:
        with TaskGroup("inner", prefix_group_id=False, ui_color="red", group_display_name="Inner"):
            EmptyOperator(task_id="t")

    with DAG("etl") as dag:
        part.expand(x=[1, 2, 3])
    spec = spec_of(dag)
    assert spec.groups == (
        GroupSpec(group_id="part", mapped=MapSpec(inputs={"x": LiteralInput(length=3)})),
        GroupSpec(group_id="part.inner", parent="part", ui_color="red", display_name="Inner"),
    )
    assert spec.task("t").group == "part.inner"


def test_lines_point_at_the_call_that_made_the_task() -> None:
    with DAG("etl") as dag:
        EmptyOperator(task_id="a")
        EmptyOperator(
            task_id="b",
        )
    spec = spec_of(dag)
    a, b = spec.task("a").line, spec.task("b").line
    assert a is not None
    assert b == a + 1


class TestSchedules:
    @pytest.mark.parametrize(
        ("schedule", "expected", "text"),
        [
            (None, NoSchedule(), "None"),
            ("@once", OnceSchedule(), "@once"),
            ("@continuous", ContinuousSchedule(), "@continuous"),
            ("@daily", CronTriggerSchedule(expressions=("0 0 * * *",)), "@daily"),
            ("@quarterly", CronTriggerSchedule(expressions=("0 0 1 */3 *",)), "@quarterly"),
            (" 5  4 * * 1-5 ", CronTriggerSchedule(expressions=("5 4 * * 1-5",)), "5 4 * * 1-5"),
            (timedelta(hours=6), DeltaTriggerSchedule(seconds=21600.0), "6:00:00"),
            (relativedelta(months=1), DeltaTriggerSchedule(months=1), "relativedelta(months=+1)"),
            (
                CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
                CronIntervalSchedule(expression="0 0 * * *"),
                "0 0 * * *",
            ),
            (EventsTimetable([START]), EventsSchedule(dates=(START,), description="1 events"), "1 events"),
        ],
    )
    def test_the_native_spelling_fires_at_its_times(
        self, schedule: Any, expected: Schedule, text: str
    ) -> None:
        spec = spec_of(DAG("etl", schedule=schedule))
        assert (spec.schedule, spec.schedule_text, spec.catchup) == (expected, text, False)

    @pytest.mark.parametrize(
        ("schedule", "expected"),
        [
            ("@daily", CronIntervalSchedule(expression="0 0 * * *")),
            ("0 16 * * *", CronIntervalSchedule(expression="0 16 * * *")),
            (timedelta(days=1), DeltaIntervalSchedule(seconds=86400.0)),
            (relativedelta(weeks=1), DeltaIntervalSchedule(seconds=604800.0)),
            ("@once", OnceSchedule()),
            (None, NoSchedule()),
        ],
    )
    def test_the_older_spelling_covers_the_period_before_and_catches_up(
        self, schedule: Any, expected: Schedule
    ) -> None:
        spec = spec_of(DAG("etl", schedule_interval=schedule))
        assert (spec.schedule, spec.catchup) == (expected, True)

    def test_catchup_is_as_the_author_says(self) -> None:
        assert not spec_of(DAG("etl", schedule_interval="@daily", catchup=False)).catchup
        assert spec_of(DAG("etl", schedule="@daily", catchup=True)).catchup

    def test_a_file_of_an_older_era_keeps_the_defaults_of_its_time(self) -> None:
        with using_era(AIRFLOW_2):
            plain, cron = DAG("a"), DAG("b", schedule="@daily")
        assert spec_of(plain).schedule == DeltaIntervalSchedule(seconds=86400.0)
        assert spec_of(cron).schedule == CronIntervalSchedule(expression="0 0 * * *")
        assert (plain.catchup, cron.catchup) == (True, True)

    def test_assets_are_a_schedule_alone_together_and_combined(self) -> None:
        a, b = Asset("s3://a"), Asset("s3://b")
        assert spec_of(DAG("etl", schedule=a)).schedule == AssetSchedule(condition=a.to_spec())
        both = AssetSchedule(condition=AssetAll(parts=(a.to_spec(), b.to_spec())))
        assert spec_of(DAG("etl", schedule=[a, b])).schedule == both
        assert spec_of(DAG("etl", schedule=(a & b))).schedule == both

    @pytest.mark.parametrize(
        ("start", "zone"),
        [
            (datetime(2030, 1, 1), "UTC"),
            (datetime(2030, 1, 1, tzinfo=UTC), "UTC"),
            (datetime(2030, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo")), "Asia/Tokyo"),
            (datetime(2030, 1, 1, tzinfo=timezone(timedelta(hours=2))), "+02:00"),
            (pendulum.datetime(2030, 1, 1, tz="America/New_York"), "America/New_York"),
        ],
    )
    def test_cron_times_are_meant_in_the_zone_of_the_start_date(self, start: datetime, zone: str) -> None:
        spec = spec_of(DAG("etl", schedule="@daily", start_date=start))
        assert spec.timezone == zone
        assert spec.schedule == CronTriggerSchedule(expressions=("0 0 * * *",), timezone=zone)

    def test_continuous_runs_one_at_a_time(self) -> None:
        assert spec_of(DAG("etl", schedule="@continuous")).max_active_runs == 1

    @pytest.mark.parametrize(
        ("schedule", "error", "message"),
        [
            (
                "@dayly",
                AirflowTimetableInvalid,
                "there is no preset '@dayly'; there are @once, @continuous, @hourly",
            ),
            (5.5, AirflowTimetableInvalid, "a schedule is a cron text, .*; got float: 5.5"),
            ("61 * * * *", InvalidScheduleError, "61"),
        ],
    )
    def test_a_bad_schedule_says_what_is_possible(
        self, schedule: Any, error: type[Exception], message: str
    ) -> None:
        with pytest.raises(error, match=message):
            spec_of(DAG("etl", schedule=schedule))

    def test_two_schedules_are_one_too_many(self) -> None:
        with pytest.raises(
            InvalidDagError, match="'etl' is given more than one of schedule, schedule_interval"
        ):
            DAG("etl", schedule="@daily", schedule_interval="@daily")


class TestPriorities:
    @pytest.fixture
    def diamond(self) -> Callable[[str], dict[str, int]]:
        def build(rule: str) -> dict[str, int]:
            with DAG("etl", default_args={"weight_rule": rule}) as dag:
                a, b, c, d = (
                    BaseOperator(task_id=name, priority_weight=w)
                    for name, w in zip("abcd", (1, 2, 3, 4), strict=True)
                )
                a >> [b, c] >> d
            return {task.task_id: task.priority for task in spec_of(dag).tasks}

        return build

    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            ("downstream", {"a": 10, "b": 6, "c": 7, "d": 4}),
            ("upstream", {"a": 1, "b": 3, "c": 4, "d": 10}),
            ("absolute", {"a": 1, "b": 2, "c": 3, "d": 4}),
        ],
    )
    def test_each_task_counts_once_whatever_the_number_of_ways_to_it(
        self, diamond: Callable[[str], dict[str, int]], rule: str, expected: dict[str, int]
    ) -> None:
        assert diamond(rule) == expected

    def test_a_strategy_of_ones_own_gives_the_priority(self) -> None:
        spec = one_task(weight_rule=Shout(), priority_weight=3)
        assert (spec.priority, spec.weight_rule) == (300, f"{__name__}.Shout")

    def test_a_strategy_must_give_a_number(self) -> None:
        with pytest.raises(
            InvalidDagError, match="the weight rule of task 't' must give a whole number, got 'loud'"
        ):
            one_task(weight_rule=Whisper())


class Shout(PriorityWeightStrategy):
    def get_weight(self, ti: Any) -> int:
        return int(ti.task.priority_weight * 100)


class Whisper(PriorityWeightStrategy):
    def get_weight(self, ti: Any) -> Any:
        return "loud"


class TestChecks:
    def test_a_cycle_is_named(self) -> None:
        with DAG("etl") as dag:
            a, b = EmptyOperator(task_id="a"), EmptyOperator(task_id="b")
            a >> b >> a
        with pytest.raises(AirflowDagCycleException, match="DAG 'etl' has a cycle: a -> b -> a"):
            spec_of(dag)

    def test_a_scheduled_dag_needs_good_defaults_for_its_params(self) -> None:
        params = {"n": Param(type="integer")}
        with pytest.raises(
            ParamValidationError, match="'etl' has a schedule, so each param needs a valid default; param 'n'"
        ):
            spec_of(DAG("etl", schedule="@daily", params=params))
        assert spec_of(DAG("etl", schedule=None, params=params)).params == {
            "n": ParamSpec(has_value=False, schema={"type": "integer"})
        }

    def test_a_fail_fast_dag_takes_plain_trigger_rules_only(self) -> None:
        with DAG("etl", fail_fast=True) as dag:
            EmptyOperator(task_id="t", trigger_rule="all_done")
        with pytest.raises(FailFastDagInvalidTriggerRule, match="'t' has all_done"):
            spec_of(dag)

    def test_unknown_arguments_of_a_dag_are_named(self) -> None:
        with pytest.raises(
            UnknownArgumentError, match=r"DAG 'etl' has no argument 'catch_up' \(did you mean 'catchup'"
        ):
            DAG("etl", catch_up=True)

    def test_old_arguments_of_a_dag_are_understood(self) -> None:
        spec = spec_of(DAG("etl", concurrency=4, default_view="tree", orientation="LR", fail_stop=True))
        assert (spec.max_active_tasks, spec.default_view, spec.fail_fast) == (4, "tree", True)

    def test_deadlines_are_described(self) -> None:
        alert = DeadlineAlert(
            reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=timedelta(minutes=5), callback=print
        )
        fixed = DeadlineAlert(
            reference=DeadlineReference.FIXED_DATETIME(START), interval=timedelta(0), callback=print, name="x"
        )
        assert spec_of(DAG("etl", deadline=[alert, fixed])).deadlines == (
            DeadlineSpec(reference="queued_at", interval_seconds=300.0),
            DeadlineSpec(reference="fixed", interval_seconds=0.0, at=START, name="x"),
        )


class TestDeterminism:
    def build(self) -> DagSpec:
        with DAG(
            "etl", schedule="@daily", tags={"a", "b", "c"}, access_control={"x": {"DAGs": {"p", "q", "r"}}}
        ) as dag:
            parts = [EmptyOperator(task_id=f"t{i}") for i in range(20)]
            parts[0] >> parts[1:10] >> parts[10]
            parts[10] >> parts[11:]
        return spec_of(dag)

    def test_equal_files_give_equal_specs_bytes_and_hashes(self) -> None:
        first, second = self.build(), self.build()
        assert first.tasks[0].line == second.tasks[0].line
        assert (first, encode_dag(first), compute_hash(first)) == (
            second,
            encode_dag(second),
            compute_hash(second),
        )

    def test_the_stored_form_reads_back_as_the_same_spec(self) -> None:
        assert decode_dag(encode_dag(self.build())) == self.build()


def test_tasks_made_of_functions_carry_the_name_of_their_decorator() -> None:
    with DAG("etl") as dag:
        task(lambda: None, task_id="plain")()
        task.bash(lambda: "true", task_id="shell")()
        EmptyOperator(task_id="empty")
    found = {
        each.task_id: (each.operator, each.operator_class) for each in build_spec(dag, file="etl.py").tasks
    }
    assert found == {
        "plain": ("@task", "_PythonDecoratedOperator"),
        "shell": ("@task.bash", "_BashDecoratedOperator"),
        "empty": ("EmptyOperator", ""),
    }


def test_numbers_that_no_database_can_keep_mean_without_end() -> None:
    most = 2**31 - 1
    with DAG("d", schedule=None, max_active_runs=10**19, max_active_tasks=10**19) as dag:
        first = EmptyOperator(task_id="a", priority_weight=2**31 - 1, pool_slots=10**19, retries=10**19)
        first >> EmptyOperator(task_id="b", priority_weight=10**19)
        EmptyOperator(task_id="c", priority_weight=-(10**19))
    spec = build_spec(dag, file="d.py")
    tasks = {task.task_id: task for task in spec.tasks}
    assert (spec.max_active_runs, spec.max_active_tasks) == (most, most)
    assert (tasks["a"].retries, tasks["a"].pool_slots) == (most, most)
    assert {name: task.priority for name, task in tasks.items()} == {"a": most, "b": most, "c": -most}

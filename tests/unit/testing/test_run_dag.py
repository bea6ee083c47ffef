"""Running a DAG in this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio.to_thread
import pytest

from etesian import DAG, task, task_group
from etesian.foundation.clock import utc_now
from etesian.operators.trigger_dagrun import TriggerDagRunOperator
from etesian.sdk.connections.connection import Connection
from etesian.sdk.connections.variable import Variable
from etesian.sdk.exceptions import AirflowTaskTimeout
from etesian.sdk.runtime import has_platform
from etesian.sdk.tasks.operator import BaseOperator
from etesian.sdk.trigger import BaseTrigger, TriggerEvent
from etesian.sensors.base import BaseSensorOperator
from etesian.sensors.external_task import ExternalTaskSensor
from etesian.testing import FakeClock, run_dag
from etesian.testing.result import NoSuchTaskError, RunFailedError
from etesian.testing.run_driver import RunStuckError


def test_a_list_that_a_task_pushes_by_hand_can_be_mapped_over() -> None:
    with DAG("by_hand") as dag:

        @task(do_xcom_push=False)
        def extract(ti: Any = None) -> None:
            ti.xcom_push("return_value", [1, 2, 3])

        @task
        def double(x: int) -> int:
            return 2 * x

        double.expand(x=extract())
    run = run_dag(dag)
    assert [run.task("double", index).xcom for index in range(3)] == [2, 4, 6]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "task fails.extract returned nothing; 'double' is mapped over what it returns"),
        (
            5,
            (
                "the return value of task fails.extract is of type int; "
                "'double' is mapped over it, which takes a list or a dict"
            ),
        ),
    ],
)
def test_a_task_that_others_are_mapped_over_fails_where_it_returns_nothing_of_that_kind(
    value: int | None, message: str
) -> None:
    with DAG("fails", default_args={"retries": 1}) as dag:

        @task
        def extract() -> Any:
            return value

        @task
        def double(x: int) -> int:
            return 2 * x

        @task_group
        def every(x: int) -> None:
            double(x)

        doubled = double.expand(x=extract())
        every.expand(x=doubled)
    run = run_dag(dag)
    assert run.states == {"extract": "failed", "double": "upstream_failed", "every.double": "upstream_failed"}
    assert run.task("extract").try_number == 2
    assert str(run.task("extract").error) == message


def test_an_output_that_was_not_returned_is_none() -> None:
    with DAG("outputs") as dag:

        @task(multiple_outputs=True)
        def extract() -> dict[str, int]:
            return {"a": 1}

        @task
        def show(a: int, b: int | None) -> list[int | None]:
            return [a, b]

        both = extract()
        show(both["a"], both["b"])
    assert run_dag(dag).task("show").xcom == [1, None]


def test_tasks_run_in_order_and_pass_values_on() -> None:
    seen: list[str] = []
    with DAG("chain") as dag:

        @task
        def extract() -> list[int]:
            seen.append("extract")
            return [1, 2]

        @task
        def double(x: int) -> int:
            seen.append(f"double {x}")
            return 2 * x

        @task
        def load(xs: Any) -> int:
            seen.append("load")
            return sum(xs)

        load(double.expand(x=extract()))
    run = run_dag(dag)
    assert run.states == {
        "extract": "success",
        "double[0]": "success",
        "double[1]": "success",
        "load": "success",
    }
    assert run.task("load").xcom == 6
    assert [each.xcom for each in run.mapped("double")] == [2, 4]
    assert seen == ["extract", "double 1", "double 2", "load"]


def test_a_failed_task_keeps_what_it_raised_and_logged() -> None:
    with DAG("broken") as dag:

        @task
        def load() -> None:
            raise KeyError("column 'price' is missing")

        @task
        def report() -> None: ...

        load() >> report()
    run = run_dag(dag)
    assert run.state == "failed"
    assert isinstance(run.task("load").error, KeyError)
    assert "column 'price' is missing" in run.task("load").log
    assert run.task("report").state == "upstream_failed"
    assert run.task("report").try_number == 0
    with pytest.raises(RunFailedError, match="load: KeyError"):
        run.raise_if_failed()


def test_retries_do_not_wait() -> None:
    with DAG("flaky") as dag:

        @task(retries=3, retry_delay=timedelta(hours=6))
        def call(ti: Any = None) -> int:
            if ti.try_number < 3:
                raise ConnectionError
            return ti.try_number

        call()
    clock = FakeClock("2030-01-01")
    run = run_dag(dag, clock=clock).raise_if_failed()
    assert run.task("call").xcom == 3
    assert run.task("call").error is None
    assert clock.now() == datetime(2030, 1, 1, 12, tzinfo=UTC)


class WaitUntil(BaseSensorOperator):
    """Waits for a moment."""

    def __init__(self, *, moment: datetime, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.moment = moment

    def poke(self, context: Any) -> bool:
        return utc_now() >= self.moment


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_sensors_do_not_wait(mode: str) -> None:
    clock = FakeClock("2030-01-01")
    with DAG("waits") as dag:
        WaitUntil(task_id="wait", moment=datetime(2030, 1, 3, tzinfo=UTC), mode=mode, poke_interval=3600)
    assert run_dag(dag, clock=clock).states == {"wait": "success"}
    assert clock.now() == datetime(2030, 1, 3, tzinfo=UTC)


def test_a_sensor_that_never_sees_its_condition_times_out() -> None:
    with DAG("waits") as dag:
        WaitUntil(task_id="wait", moment=datetime(2999, 1, 1, tzinfo=UTC), mode="reschedule", timeout=7200)
    run = run_dag(dag)
    assert run.states == {"wait": "failed"}
    assert "timed out" in str(run.task("wait").error)


class Echo(BaseTrigger):
    """Fires after some time."""

    def __init__(self, text: str, seconds: float, in_thread: bool = False) -> None:
        super().__init__()
        self.text, self.seconds, self.in_thread = text, seconds, in_thread

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{__name__}.Echo", {
            "text": self.text,
            "seconds": self.seconds,
            "in_thread": self.in_thread,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        await asyncio.sleep(self.seconds)
        text = await asyncio.to_thread(self.text.upper) if self.in_thread else self.text
        if text == "bad":
            raise ValueError("the other side said no")
        yield TriggerEvent(text)


class EchoOfAnyio(Echo):
    """Works in a thread of anyio, which the event loop does not know of."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{__name__}.EchoOfAnyio", super().serialize()[1]

    async def run(self) -> AsyncIterator[TriggerEvent]:
        await anyio.to_thread.run_sync(threading.Event().wait, self.seconds)
        yield TriggerEvent(self.text)


class Defers(BaseOperator):
    """Hands over to a trigger."""

    def __init__(self, *, trigger: BaseTrigger, timeout: timedelta | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.trigger, self.timeout = trigger, timeout

    def execute(self, context: Any) -> None:
        self.defer(trigger=self.trigger, method_name="go_on", timeout=self.timeout)

    def go_on(self, context: Any, event: Any) -> str:
        return f"{event}!"


def test_deferred_tasks_go_on_with_the_event_of_their_trigger() -> None:
    clock = FakeClock("2030-01-01")
    with DAG("defers") as dag:
        Defers(task_id="late", trigger=Echo("late", 7200))
        Defers(task_id="soon", trigger=Echo("soon", 60, in_thread=True))
    run = run_dag(dag, clock=clock)
    assert (run.task("late").xcom, run.task("soon").xcom) == ("late!", "SOON!")
    assert clock.now() == datetime(2030, 1, 1, 2, tzinfo=UTC)


def test_threads_of_a_trigger_are_waited_for_and_no_time_is_skipped_meanwhile() -> None:
    with DAG("defers") as dag:
        Defers(task_id="wait", trigger=EchoOfAnyio("done", 0.05), timeout=timedelta(hours=1))
    assert run_dag(dag).raise_if_failed().task("wait").xcom == "done!"


def test_a_trigger_that_fails_fails_its_task() -> None:
    with DAG("defers") as dag:
        Defers(task_id="wait", trigger=Echo("bad", 1))
    run = run_dag(dag)
    assert run.states == {"wait": "failed"}
    assert "the other side said no" in str(run.task("wait").error)


def test_a_deferral_ends_when_its_time_is_up() -> None:
    with DAG("defers") as dag:
        Defers(task_id="wait", trigger=Echo("late", 7200), timeout=timedelta(hours=1))
    run = run_dag(dag)
    assert run.states == {"wait": "failed"}
    assert type(run.task("wait").error).__name__ == "TaskDeferralTimeout"


def test_variables_and_connections_of_a_test_go_before_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_REGION", "from the environment")
    with DAG("settings") as dag:

        @task
        def read() -> list[Any]:
            connection = Connection.get("db")
            Variable.set("seen", Variable.get("region"))
            limits = Variable.get("limits", deserialize_json=True)
            return [Variable.get("region"), limits, connection.host, connection.login, Variable.get("seen")]

        read()
    run = run_dag(
        dag,
        variables={"region": "eu", "limits": {"max": 2}},
        connections={"db": "postgres://app@db.example.com/shop"},
    ).raise_if_failed()
    assert run.task("read").xcom == ["eu", {"max": 2}, "db.example.com", "app", "eu"]
    assert run.variables["seen"] == "eu"
    assert not has_platform()


def test_the_run_is_what_the_test_says() -> None:
    with DAG("dated", schedule="@daily", params={"table": "a"}) as dag:

        @task
        def show(
            params: Any = None, ds: Any = None, dag_run: Any = None, data_interval_end: Any = None
        ) -> Any:
            return [params["table"], ds, dag_run.conf, dag_run.run_type, data_interval_end.isoformat()]

        show()
    run = run_dag(
        dag,
        conf={"table": "b"},
        logical_date="2030-01-01",
        data_interval=("2030-01-01", "2030-01-02"),
        run_id="mine",
    )
    assert run.task("show").xcom == ["b", "2030-01-01", {"table": "b"}, "manual", "2030-01-02T00:00:00+00:00"]
    assert (run.run_id, run.logical_date) == ("mine", datetime(2030, 1, 1, tzinfo=UTC))


def test_a_later_run_sees_what_an_earlier_one_left() -> None:
    with DAG("days") as dag:

        @task(depends_on_past=True)
        def count(ti: Any = None) -> int:
            return 1 + (ti.xcom_pull(task_ids="count", include_prior_dates=True) or 0)

        count()
    first = run_dag(dag, logical_date="2030-01-01")
    second = run_dag(dag, logical_date="2030-01-02", after=first)
    assert (first.task("count").xcom, second.task("count").xcom) == (1, 2)


def test_a_task_that_depends_on_a_failed_past_cannot_go_on() -> None:
    with DAG("days") as dag:

        @task(depends_on_past=True)
        def load(ds: str = "") -> None:
            assert ds != "2030-01-01"

        load()
    first = run_dag(dag, logical_date="2030-01-01")
    with pytest.raises(RunStuckError, match="load is none"):
        run_dag(dag, logical_date="2030-01-02", after=first)


def test_callbacks_are_called_and_what_they_raise_is_kept() -> None:
    told: list[str] = []

    def tell(context: Any) -> None:
        told.append(f"{context['ti'].task_id} failed")

    def tell_run(context: Any) -> None:
        told.append(context["dag_run"].state)
        raise OSError("the chat is away")

    with DAG("told", on_failure_callback=tell_run) as dag:

        @task(on_failure_callback=tell)
        def load() -> None:
            raise ValueError

        load()
    run = run_dag(dag)
    assert told == ["load failed", "failed"]
    assert [str(error) for error in run.callback_errors] == ["the chat is away"]


def test_runs_that_tasks_ask_for_are_noted() -> None:
    with DAG("asks") as dag:
        TriggerDagRunOperator(task_id="ask", trigger_dag_id="other", conf={"a": 1}, wait_for_completion=True)
    run = run_dag(dag).raise_if_failed()
    assert [(each.dag_id, each.conf) for each in run.triggered_runs] == [("other", {"a": 1})]


def test_tasks_can_succeed_without_being_run() -> None:
    with DAG("waits") as dag:
        waiting = ExternalTaskSensor(task_id="wait_for_other", external_dag_id="other")

        @task
        def load() -> str:
            return "loaded"

        waiting >> load()
    run = run_dag(dag, mark_success="wait_.*")
    assert run.states == {"wait_for_other": "success", "load": "success"}


def test_a_task_that_takes_too_long_is_ended() -> None:
    with DAG("slow") as dag:

        @task(execution_timeout=timedelta(milliseconds=300))
        def spin() -> None:
            while True:
                sum(range(1000))

        spin()
    run = run_dag(dag)
    assert isinstance(run.task("spin").error, AirflowTaskTimeout)


def test_templates_are_kept_as_the_task_saw_them() -> None:
    from etesian.operators.bash import BashOperator

    with DAG("templated") as dag:
        BashOperator(
            task_id="say", bash_command="echo {{ ds }}", env={"A": "{{ params.a }}"}, params={"a": 1}
        )
    run = run_dag(dag, logical_date="2030-01-01").raise_if_failed()
    assert run.task("say").rendered == {"bash_command": "echo 2030-01-01", "env": {"A": "1"}}
    assert run.task("say").xcom == "2030-01-01"


def test_a_task_that_the_run_does_not_have_is_named_with_those_it_has() -> None:
    with DAG("one") as dag:
        Defers(task_id="wait", trigger=Echo("x", 0))
    run = run_dag(dag)
    with pytest.raises(NoSuchTaskError, match="no task 'load'; it has wait"):
        run.task("load")


def test_dag_test_takes_what_airflow_takes(tmp_path: Any) -> None:
    (tmp_path / "variables.json").write_text('{"region": "eu"}')
    (tmp_path / "connections.env").write_text("db=postgres://db.example.com\n")
    with DAG("tested") as dag:

        @task
        def read(dag_run: Any = None) -> list[Any]:
            return [Variable.get("region"), Connection.get("db").host, dag_run.conf["a"]]

        @task
        def wait() -> None:
            raise AssertionError("not to be run")

        wait() >> read()
    run = dag.test(
        logical_date=datetime(2030, 1, 1, tzinfo=UTC),
        run_conf={"a": 1},
        variable_file_path=str(tmp_path / "variables.json"),
        conn_file_path=str(tmp_path / "connections.env"),
        mark_success_pattern="wait",
    )
    assert run.state == "success"
    assert run.get_task_instance("read").xcom == ["eu", "db.example.com", 1]
    assert [each.task_id for each in run.get_task_instances(state="success")] == ["wait", "read"]


def test_what_ends_the_test_ends_the_run() -> None:
    with DAG("skipping") as dag:

        @task
        def needs_a_server() -> None:
            pytest.skip("no server here")

        needs_a_server()
    with pytest.raises(pytest.skip.Exception, match="no server here"):
        run_dag(dag)


def test_a_task_that_exits_fails_like_any_other() -> None:
    with DAG("exits") as dag:

        @task
        def leave() -> None:
            raise SystemExit(3)

        leave()
    assert run_dag(dag).states == {"leave": "failed"}

from __future__ import annotations

import logging
import os
import signal
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from etesian import DAG, Asset, AssetAlias, Param, get_current_context, task
from etesian.operators.bash import BashOperator
from etesian.operators.python import PythonOperator
from etesian.protocol.reports import AssetEventReport, Deferred, Failed, Rescheduled, Skipped, Succeeded
from etesian.protocol.workloads import Resume
from etesian.sdk.connections.secrets_masker import mask_secret
from etesian.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSensorTimeout,
    AirflowSkipException,
    AirflowTaskTimeout,
    TaskDeferralError,
    TaskDeferralTimeout,
)
from etesian.sdk.tasks.operator import BaseOperator
from etesian.sdk.tasks.operator_link import BaseOperatorLink
from etesian.sdk.tasks.retry_policy import ExceptionRetryPolicy, RetryAction, RetryRule
from etesian.sdk.trigger import BaseTrigger, TriggerEvent
from etesian.sdk.xcoms.xcom import deserialize, serialize

pytestmark = pytest.mark.usefixtures("memory_platform")


def make(function: Any, **kwargs: Any) -> Any:
    return PythonOperator(task_id="t", python_callable=function, dag=DAG("etl"), **kwargs)


def pushed(outcome: Any) -> dict[str, Any]:
    assert isinstance(outcome, Succeeded), outcome
    return {xcom.key: deserialize(xcom.value) for xcom in outcome.xcoms}


class TestSuccess:
    def test_the_return_value_is_pushed_with_its_length(self, run_task: Any) -> None:
        outcome = run_task(make(lambda: ["a", "b"]))
        assert pushed(outcome) == {"return_value": ["a", "b"]}
        assert outcome.xcoms[0].length == 2

    def test_nothing_is_pushed_for_none_or_when_told_not_to(self, run_task: Any) -> None:
        assert run_task(make(lambda: None)) == Succeeded()
        assert run_task(make(lambda: 5, do_xcom_push=False)) == Succeeded()

    def test_several_outputs_are_pushed_one_by_one_and_as_a_whole(self, run_task: Any) -> None:
        outcome = run_task(make(lambda: {"a": 1, "b": [2]}, multiple_outputs=True))
        assert pushed(outcome) == {"a": 1, "b": [2], "return_value": {"a": 1, "b": [2]}}

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (
                [1],
                "of task etl.t must be a dict, because the task has multiple outputs; got list",
            ),
            ({1: 2}, "must have text keys, because the task has multiple outputs; got 1"),
        ],
    )
    def test_several_outputs_must_be_a_dict_with_text_keys(
        self, run_task: Any, value: Any, message: str
    ) -> None:
        outcome = run_task(make(lambda: value, multiple_outputs=True))
        assert isinstance(outcome, Failed)
        assert message in outcome.reason

    def test_coroutine_functions_are_awaited(self, run_task: Any) -> None:
        async def work() -> int:
            return 7

        assert pushed(run_task(make(work))) == {"return_value": 7}

    def test_hooks_run_around_execute(self, run_task: Any) -> None:
        seen: list[Any] = []
        operator = make(
            lambda: seen.append("execute"),
            pre_execute=lambda context: seen.append(context["task"].task_id),
            post_execute=lambda context, result: seen.append("after"),
        )
        run_task(operator)
        assert seen == ["t", "execute", "after"]

    def test_each_try_tells_that_it_executes(self, run_task: Any, caplog: pytest.LogCaptureFixture) -> None:
        seen: list[Any] = []

        def fail(context: Any) -> None:
            raise ValueError("callback broken")

        operator = make(
            lambda: seen.append("execute"),
            pre_execute=lambda context: seen.append("before"),
            on_execute_callback=[fail, lambda context: seen.append(context["ti"].task_id)],
        )
        assert run_task(operator) == Succeeded()
        assert seen == ["before", "t", "execute"]
        assert "callback broken" in caplog.text

    def test_the_context_can_be_had_anywhere_while_the_task_runs_and_not_after(self, run_task: Any) -> None:
        outcome = run_task(make(lambda: get_current_context()["run_id"]))
        assert pushed(outcome) == {"return_value": "scheduled__2030-01-02"}
        with pytest.raises(AirflowException, match="works only while a task runs"):
            get_current_context()

    def test_exit_without_a_code_is_success(self, run_task: Any) -> None:
        def leave() -> None:
            raise SystemExit(0)

        assert run_task(make(leave)) == Succeeded()

    def test_the_dags_own_task_is_not_changed_by_rendering(self, run_task: Any) -> None:
        operator = BashOperator(task_id="t", bash_command="echo {{ ds }}", dag=DAG("etl"))
        assert pushed(run_task(operator)) == {"return_value": "2030-01-02"}
        assert operator.bash_command == "echo {{ ds }}"


class TestAssetEvents:
    def test_each_outlet_emits_an_event_with_what_the_task_said(self, run_task: Any) -> None:
        orders = Asset("s3://orders")

        def work(outlet_events: Any) -> None:
            outlet_events[orders].extra = {"rows": 3}

        outcome = run_task(make(work, outlets=[orders]))
        expected = AssetEventReport(name="s3://orders", uri=orders.uri, extra={"rows": 3})
        assert outcome.asset_events == (expected,)

    def test_assets_added_to_an_alias_are_emitted_through_it(self, run_task: Any) -> None:
        alias = AssetAlias("todays")

        def work(outlet_events: Any) -> None:
            outlet_events[alias].add(Asset("s3://found"), extra={"n": 1})

        outcome = run_task(make(work, outlets=[alias]))
        assert [(event.name, event.alias, event.extra) for event in outcome.asset_events] == [
            ("s3://found", "todays", {"n": 1})
        ]


def raising(error: BaseException) -> Any:
    def work() -> None:
        raise error

    return make(work)


class TestFailure:
    def test_an_error_is_reported_on_one_line_with_its_type(self, run_task: Any) -> None:
        outcome = run_task(raising(ValueError("no header\nin the file")))
        assert outcome == Failed(reason="ValueError: no header", error_type="builtins.ValueError")

    def test_the_traceback_goes_to_the_task_log_from_the_authors_code_on(
        self, run_task: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        def work() -> None:
            raise KeyError("gone")

        with caplog.at_level(logging.ERROR, "airflow.task"):
            run_task(make(work))
        (record,) = caplog.records
        assert "The task failed: KeyError: 'gone'" in record.message
        assert record.message.count('File "') == 1
        assert __file__ in record.message

    def test_a_fail_exception_ends_without_another_try(self, run_task: Any) -> None:
        outcome = run_task(raising(AirflowFailException("give up")))
        assert (outcome.retry, outcome.reason) == (False, "AirflowFailException: give up")

    def test_a_sensor_time_out_ends_without_another_try(self, run_task: Any) -> None:
        outcome = run_task(raising(AirflowSensorTimeout("waited long")))
        assert (outcome.retry, outcome.cause) == (False, "timeout")

    def test_a_sensor_that_fails_softly_is_skipped(self, run_task: Any) -> None:
        operator = raising(AirflowSensorTimeout("waited long"))
        operator.soft_fail = True
        assert run_task(operator) == Skipped(reason="waited long")

    def test_a_skip_exception_skips_and_says_why(self, run_task: Any) -> None:
        assert run_task(raising(AirflowSkipException("nothing new"))) == Skipped(reason="nothing new")

    def test_an_exit_code_fails(self, run_task: Any) -> None:
        outcome = run_task(raising(SystemExit(3)))
        assert outcome.reason == "the task called sys.exit(3)"

    def test_a_time_out_calls_on_kill_and_says_so(self, run_task: Any) -> None:
        killed: list[str] = []

        class Slow(BaseOperator):
            def execute(self, context: Any) -> None:
                raise AirflowTaskTimeout("the task used up its execution_timeout")

            def on_kill(self) -> None:
                killed.append(self.task_id)

        outcome = run_task(Slow(task_id="slow", dag=DAG("etl")))
        assert (outcome.cause, outcome.retry, killed) == ("timeout", True, ["slow"])

    def test_sigterm_calls_on_kill_and_ends_the_task_as_stopped(self, run_task: Any) -> None:
        killed: list[str] = []

        class Long(BaseOperator):
            def execute(self, context: Any) -> None:
                os.kill(os.getpid(), signal.SIGTERM)
                signal.pause()

            def on_kill(self) -> None:
                killed.append(self.task_id)

        before = signal.getsignal(signal.SIGTERM)
        outcome = run_task(Long(task_id="long", dag=DAG("etl")))
        assert (outcome.cause, killed) == ("stopped", ["long"])
        assert signal.getsignal(signal.SIGTERM) is before

    def test_a_value_that_cannot_be_an_xcom_fails_the_task_and_names_it(self, run_task: Any) -> None:
        outcome = run_task(make(lambda: {"rows": [1, object()]}))
        expected = "the return value of task etl.t has a part of type builtins.object at ['rows'][1]"
        assert expected in outcome.reason

    def test_a_wrong_param_fails_before_user_code_runs(self, run_task: Any) -> None:
        dag = DAG("etl", params={"n": Param("many", type="integer")})
        outcome = run_task(PythonOperator(task_id="t", python_callable=lambda: 1, dag=dag))
        assert outcome.reason == "ParamValidationError: param 'n': 'many' is not of type integer"

    def test_secrets_are_not_in_the_reason(self, run_task: Any) -> None:
        mask_secret("hunter2")
        assert (
            run_task(raising(ValueError("login as root/hunter2"))).reason == "ValueError: login as root/***"
        )

    def test_long_texts_are_cut(self, run_task: Any) -> None:
        reason = run_task(raising(ValueError("x" * 5000))).reason
        assert len(reason) == 500
        assert reason.endswith("...")


class TestRetryPolicy:
    policy = ExceptionRetryPolicy(
        rules=[
            RetryRule(exception=ConnectionError, retry_delay=timedelta(seconds=7), reason="the network"),
            RetryRule(exception="builtins.ValueError", action=RetryAction.FAIL, reason="bad input"),
        ]
    )

    @pytest.mark.parametrize(
        ("error", "expected"),
        [
            (ConnectionResetError("x"), (True, 7.0, "ConnectionResetError: x (the network)")),
            (ValueError("y"), (False, None, "ValueError: y (bad input)")),
            (KeyError("z"), (True, None, "KeyError: 'z'")),
        ],
    )
    def test_the_first_rule_that_matches_decides(
        self, run_task: Any, error: Exception, expected: Any
    ) -> None:
        operator = raising(error)
        operator.retry_policy = self.policy
        outcome = run_task(operator)
        assert (outcome.retry, outcome.retry_delay_seconds, outcome.reason) == expected


class TestWaiting:
    def test_a_reschedule_exception_gives_the_moment(self, run_task: Any) -> None:
        moment = datetime(2030, 1, 1, tzinfo=UTC)
        assert run_task(raising(AirflowRescheduleException(moment))) == Rescheduled(at=moment)

    def test_a_deferral_carries_the_trigger_and_the_way_back(self, run_task: Any) -> None:
        outcome = run_task(Waiting(task_id="w", dag=DAG("etl")))
        assert isinstance(outcome, Deferred)
        assert (outcome.trigger_class, deserialize(outcome.trigger_kwargs)) == (
            "tests.Bell",
            {"moment": NOON},
        )
        assert (outcome.method, deserialize(outcome.kwargs)) == ("resume", {"n": 3})
        assert outcome.timeout_at is not None

    def test_a_resumed_task_goes_on_with_the_event(self, run_task: Any) -> None:
        resume = Resume(method="resume", kwargs=serialize({"n": 3}), event=serialize({"rang": True}))
        outcome = run_task(Waiting(task_id="w", dag=DAG("etl")), resume=resume)
        assert pushed(outcome) == {"return_value": [3, {"rang": True}]}

    def test_a_failed_trigger_is_raised_in_the_task(self, run_task: Any) -> None:
        outcome = run_task(
            Waiting(task_id="w", dag=DAG("etl")), resume=Resume(method="resume", error="the bell broke")
        )
        assert outcome.reason == "TaskDeferralError: the bell broke"
        assert outcome.error_type == f"{TaskDeferralError.__module__}.TaskDeferralError"

    def test_a_trigger_that_did_not_fire_in_time_is_a_time_out(self, run_task: Any) -> None:
        resume = Resume(method="resume", error="Trigger timeout")
        outcome = run_task(Waiting(task_id="w", dag=DAG("etl")), resume=resume)
        assert (outcome.cause, outcome.reason) == (
            "timeout",
            f"{TaskDeferralTimeout.__name__}: Trigger timeout",
        )


NOON = datetime(2030, 1, 2, 12, tzinfo=UTC)


class Bell(BaseTrigger):
    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "tests.Bell", {"moment": NOON}

    async def run(self) -> Any:
        yield TriggerEvent({"rang": True})


class Waiting(BaseOperator):
    def execute(self, context: Any) -> None:
        self.defer(trigger=Bell(), method_name="resume", kwargs={"n": 3}, timeout=timedelta(hours=1))

    def resume(self, context: Any, event: Any, n: int) -> Any:
        return [n, event]


class TestBranches:
    @pytest.fixture
    def dag(self) -> DAG:
        with DAG("etl") as dag:
            chosen, other, join = (BaseOperator(task_id=name) for name in ("chosen", "other", "join"))
            task.branch(task_id="branch")(lambda: "chosen")() >> [chosen, other] >> join
            task.short_circuit(task_id="short")(lambda: False)() >> other
            task.short_circuit(task_id="pass")(lambda: True)() >> other
        return dag

    def test_a_branch_skips_what_it_did_not_choose(
        self, run_task: Any, dag: DAG, memory_platform: Any
    ) -> None:
        assert run_task(dag.get_task("branch")).skip == ("other",)
        key = ("etl", "scheduled__2030-01-02", "branch", -1, "return_value")
        assert deserialize(memory_platform.xcoms[key]) == "chosen"

    def test_a_short_circuit_skips_everything_after_it(self, run_task: Any, dag: DAG) -> None:
        assert run_task(dag.get_task("short")).skip == ("join", "other")
        assert pushed(run_task(dag.get_task("pass"))) == {"return_value": True}

    def test_conditions_skip_the_task_itself(self, run_task: Any) -> None:
        @task.run_if(lambda context: context["ds"] == "2030-01-02")
        @task
        def runs() -> int:
            return 1

        @task.skip_if(lambda context: (True, "a holiday"))
        @task
        def rests() -> int:
            return 1

        with DAG("etl"):
            first, second = runs(), rests()
        assert pushed(run_task(first)) == {"return_value": 1}
        assert run_task(second) == Skipped(reason="a holiday")


class JobLink(BaseOperatorLink):
    name = "Job"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        return f"https://jobs.example.com/{ti_key.task_id}"


class OldLink:
    name = "Old"

    def get_link(self, operator: Any, dttm: datetime) -> str:
        return f"https://old.example.com/{dttm:%Y}"


class BrokenLink(BaseOperatorLink):
    name = "Broken"


class Linked(BaseOperator):
    operator_extra_links = (JobLink(), OldLink(), BrokenLink())

    def __init__(self, fails: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fails = fails

    def execute(self, context: Any) -> None:
        if self.fails:
            raise ValueError("no")


class TestLinks:
    addresses: ClassVar = {
        "_link_Job": "https://jobs.example.com/t",
        "_link_Old": "https://old.example.com/2030",
    }

    def test_links_are_kept_with_a_success_and_a_broken_one_is_left_out(self, run_task: Any) -> None:
        assert pushed(run_task(Linked(task_id="t", dag=DAG("etl")))) == self.addresses

    def test_links_of_a_failed_task_are_kept_too(self, run_task: Any, memory_platform: Any) -> None:
        assert isinstance(run_task(Linked(task_id="t", fails=True, dag=DAG("etl"))), Failed)
        found = {at[-1]: deserialize(value) for at, value in memory_platform.xcoms.items()}
        assert found == self.addresses


class TestRenderedFields:
    def test_they_are_sent_with_secrets_masked_and_long_values_cut(
        self, run_task: Any, memory_platform: Any
    ) -> None:
        mask_secret("hunter2")
        env = {"PASSWORD": "abc", "LOGIN": "me:hunter2", "LONG": "x" * 5000}
        run_task(BashOperator(task_id="t", bash_command="echo {{ ds }}", env=env, dag=DAG("etl")))
        (fields,) = memory_platform.rendered
        assert fields["bash_command"] == "echo 2030-01-02"
        assert fields["env"].startswith('{"PASSWORD": "***", "LOGIN": "me:***", "LONG": "xxx')
        assert len(fields["env"]) < 4200

    def test_a_command_that_a_function_computes_is_shown(self, run_task: Any, memory_platform: Any) -> None:
        with DAG("etl"):
            result = task.bash(task_id="b")(lambda: "echo {{ ds }}")()
        assert pushed(run_task(result)) == {"return_value": "2030-01-02"}
        assert memory_platform.rendered[-1]["bash_command"] == "echo 2030-01-02"

    def test_nothing_is_sent_where_there_is_nothing_to_show(
        self, run_task: Any, memory_platform: Any
    ) -> None:
        run_task(make(lambda: 1))
        assert memory_platform.rendered == []

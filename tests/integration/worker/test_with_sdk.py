"""The worker with real DAG files: operators, masks, time-outs and stops as the SDK understands them."""

from __future__ import annotations

import json

import pytest

from etesian.protocol.reports import Failed, Skipped, Succeeded, XComValue
from etesian.protocol.requests import (
    Answer,
    FoundConnection,
    FoundValue,
    GetConnection,
    GetVariable,
    GetXCom,
    Refused,
    Request,
    XComItem,
    XComItems,
)
from etesian.worker.settings import DEFAULT_PRELOAD
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.harness import SchedulerUnderTest, WorkerUnderTest, task, wait_until

DAG = """
import os, subprocess, threading, time
from etesian import DAG, task, Variable
from etesian.operators.bash import BashOperator
from etesian.operators.python import PythonOperator
from etesian.sdk.connections.connection import Connection
from etesian.sdk.exceptions import AirflowFailException, AirflowSkipException

class Killable(PythonOperator):
    def on_kill(self):
        print("on_kill was called")

with DAG("dag", schedule=None):
    @task
    def add(first, second=1):
        return first + second

    add(40, second=2)

    @task
    def show_secrets():
        password = Connection.get("warehouse").password
        print("print", password)
        subprocess.run(["echo", "program", password])
        token = Variable.get("api_token")
        os.system(f"echo token {token}")
        raise ValueError(f"cannot log in with {password}")

    show_secrets()

    @task
    def return_much_while_threads_ask():
        def ask():
            while True:
                Variable.get("api_token")
        for _ in range(4):
            threading.Thread(target=ask, daemon=True).start()
        return "y" * 30_000_000

    return_much_while_threads_ask()

    @task
    def skip():
        raise AirflowSkipException("nothing to do")

    skip()

    @task
    def fail_for_good():
        raise AirflowFailException("bad input")

    fail_for_good()
    BashOperator(task_id="bash", bash_command="echo {{ run_id }}; exit 3")
    BashOperator(task_id="long_bash", bash_command="echo begun; sleep 600")
    Killable(task_id="killable", python_callable=lambda: print("begun") or time.sleep(600))
"""


@pytest.fixture
def worker(start_worker: StartWorker) -> WorkerUnderTest:
    return start_worker(DAG, runner="etesian.worker.sdk_runner:SdkRunner", preload=DEFAULT_PRELOAD)


def answer(request: Request) -> Answer:
    match request:
        case GetConnection(conn_id="warehouse"):
            return FoundConnection(
                found=True,
                conn_id="warehouse",
                conn_type="http",
                host="db",
                login="me",
                password="s3cret-pass",
            )
        case GetVariable(key="api_token"):
            return FoundValue(value="t0ken-value")
        case GetXCom():
            return XComItems(items=(XComItem(task_id="add", value=b"42"),))
    return Refused(reason=f"unexpected {request}")


def failed(outcome: object) -> Failed:
    assert isinstance(outcome, Failed), outcome
    return outcome


def test_a_taskflow_task_pushes_what_it_returns(
    worker: WorkerUnderTest, scheduler: SchedulerUnderTest
) -> None:
    report = scheduler.run_one(task("add"))
    assert isinstance(report.outcome, Succeeded)
    (value,) = report.outcome.xcoms
    assert (value.key, json.loads(value.value)) == ("return_value", 42)
    assert isinstance(value, XComValue)


def test_threads_of_a_task_may_ask_while_it_reports(
    worker: WorkerUnderTest, scheduler: SchedulerUnderTest
) -> None:
    scheduler.answer = answer
    outcome = scheduler.run_one(task("return_much_while_threads_ask")).outcome
    assert isinstance(outcome, Succeeded), outcome
    assert len(outcome.xcoms[0].value) == 30_000_002


def test_secrets_are_masked_wherever_they_are_printed(
    worker: WorkerUnderTest, scheduler: SchedulerUnderTest
) -> None:
    scheduler.answer = answer
    work = task("show_secrets")
    outcome = failed(scheduler.run_one(work).outcome)
    assert outcome.reason.endswith("cannot log in with ***")
    assert {"print ***", "program ***", "token ***"} <= set(worker.messages_of(work))
    text = "".join(path.read_text() for path in worker.logs.rglob("*.log"))
    assert "s3cret" not in text
    assert "t0ken" not in text


def test_skipping_and_failing_for_good_are_outcomes(
    worker: WorkerUnderTest, scheduler: SchedulerUnderTest
) -> None:
    skip, fail = scheduler.run(task("skip"), task("fail_for_good"))
    assert skip.outcome == Skipped(reason="nothing to do")
    assert not failed(fail.outcome).retry


def test_templates_are_rendered_and_told(worker: WorkerUnderTest, scheduler: SchedulerUnderTest) -> None:
    work = task("bash")
    report = scheduler.run_one(work)
    assert "3" in failed(report.outcome).reason
    assert report.rendered_fields is not None
    assert json.loads(report.rendered_fields)["bash_command"] == "echo run; exit 3"
    assert any(message.strip() == "run" for message in worker.messages_of(work))


def test_a_task_that_is_stopped_is_told_by_on_kill(
    worker: WorkerUnderTest, scheduler: SchedulerUnderTest
) -> None:
    work = task("killable")
    scheduler.submit(work)
    scheduler.wait_for(lambda: "begun" in worker.messages_of(work), "the start")
    scheduler.executor.stop([work.attempt_id], "cleared by a user")
    outcome = failed(scheduler.wait_for_report(work)[0].outcome)
    assert (outcome.cause, outcome.reason) == ("stopped", "cleared by a user")
    assert "on_kill was called" in worker.messages_of(work)


def test_a_time_out_ends_the_programs_of_a_task(
    worker: WorkerUnderTest, scheduler: SchedulerUnderTest
) -> None:
    work = task("long_bash", execution_timeout_seconds=1.0)
    outcome = failed(scheduler.run_one(work).outcome)
    assert outcome.cause == "timeout"
    assert "begun" in " ".join(worker.messages_of(work))
    wait_until(lambda: not worker.processes("sleep"), "the end of the program")


def test_a_task_that_the_file_does_not_define_any_more_is_named(
    worker: WorkerUnderTest, scheduler: SchedulerUnderTest
) -> None:
    outcome = failed(scheduler.run_one(task("gone")).outcome)
    assert outcome.cause == "not_started"
    assert "does not have the task 'gone' any more" in outcome.reason


def test_a_broken_file_is_named_with_its_line(worker: WorkerUnderTest, scheduler: SchedulerUnderTest) -> None:
    worker.write_dag("from etesian import DAG\n\nimport no_such_module\n", "broken.py")
    work = task("add", file="broken.py")
    outcome = failed(scheduler.run_one(work).outcome)
    assert outcome.cause == "not_started"
    assert "broken.py:3" in outcome.reason
    assert "no_such_module" in outcome.reason
    (line,) = worker.log_of(work)
    assert line.e is not None
    assert "import no_such_module" in line.e

"""The shell: what it stores, in which order it acts, what it does when store or leadership fail."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from etesian.foundation.clock import utc_now
from etesian.lifecycle.records import TaskKey
from etesian.lifecycle.state import RunState, TaskState
from etesian.protocol import frames
from etesian.protocol.channels import Ask, Reply
from etesian.protocol.commands import ClearTasks, MarkRun, RemoteReport, TaskSelection
from etesian.protocol.reports import Acknowledged, AttemptUsage, ClaimAnswer, Usage
from etesian.protocol.requests import GetVariable, Refused
from etesian.scheduler.shell import inbox as inbox_module
from etesian.spec.dag import DagSpec
from etesian.spec.schedule import CronTriggerSchedule
from etesian.spec.task import TaskSpec
from etesian.store.errors import StaleMemoryError
from etesian.store.queries import inbox
from etesian.store.queries.attempts import load_attempts
from etesian.store.queries.variables import save_variable
from etesian.store.run_requests import RunRequest, request_run
from tests.integration.scheduler.conftest import PlayedExecutor, Stage, eventually

PAIR = DagSpec(
    dag_id="pair",
    file="pair.py",
    tasks=(TaskSpec(task_id="first"), TaskSpec(task_id="second", upstream=("first",))),
)
FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)
DAILY = DagSpec(
    dag_id="daily",
    file="daily.py",
    tasks=(TaskSpec(task_id="only"),),
    schedule=CronTriggerSchedule(expressions=("0 0 * * *",)),
    start_date=FIRST_DAY,
    catchup=True,
)


def acknowledged_by(executor: PlayedExecutor) -> set[str]:
    """Return the attempts whose reports were acknowledged."""
    answers = (message for message in executor.sent if isinstance(message, Acknowledged))
    return {attempt_id for answer in answers for attempt_id in answer.attempt_ids}


def finish(executor: PlayedExecutor, task_id: str) -> str:
    """Claim and succeed a task's newest attempt; return its id."""
    attempt_id = executor.workload_of(task_id).attempt_id
    executor.claim(attempt_id)
    eventually(lambda: ClaimAnswer(attempt_id=attempt_id, granted=True) in executor.sent)
    executor.succeed(attempt_id)
    return attempt_id


def test_a_run_goes_from_the_request_to_its_end(stage: Stage) -> None:
    executor = PlayedExecutor()
    stage.start_scheduler(executor)
    stage.save_dag(PAIR)
    stage.trigger("pair", "r1")

    first = finish(executor, "first")
    second = finish(executor, "second")

    eventually(lambda: stage.run_state("pair", "r1") is RunState.SUCCESS)
    eventually(
        lambda: (
            {first, second}
            <= {i for m in executor.sent if isinstance(m, Acknowledged) for i in m.attempt_ids}
        )
    )


def test_a_dispatch_is_stored_before_it_is_handed_over(stage: Stage) -> None:
    executor = PlayedExecutor()
    stage.save_dag(PAIR)
    stage.trigger("pair", "r1")
    stage.start_scheduler(executor)

    executor.workload_of("first")

    assert stage.task_state("pair", "r1", "first") is TaskState.QUEUED


def test_while_the_store_refuses_writes_nothing_is_handed_over_and_nothing_is_lost(stage: Stage) -> None:
    executor = PlayedExecutor()
    stage.save_dag(PAIR)
    stage.trigger("pair", "r1")
    stage.start_scheduler(executor)
    attempt_id = executor.workload_of("first").attempt_id
    blocker = sqlite3.connect(stage.home / "etesian.db", isolation_level=None)
    # A trigger that raises stands for a full disk: every write of a task instance fails.
    blocker.execute(
        "CREATE TRIGGER full BEFORE UPDATE ON task_instances BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    executor.claim(attempt_id)
    answered = ClaimAnswer(attempt_id=attempt_id, granted=True)
    assert answered not in executor.sent

    blocker.execute("DROP TRIGGER full")
    blocker.close()

    eventually(lambda: answered in executor.sent)
    assert stage.task_state("pair", "r1", "first") is TaskState.RUNNING


def test_a_new_leader_goes_on_where_the_old_one_stopped(stage: Stage) -> None:
    old, new = PlayedExecutor(), PlayedExecutor()
    stage.save_dag(PAIR)
    stage.trigger("pair", "r1")
    stop = stage.start_scheduler(old, "old")
    attempt_id = old.workload_of("first").attempt_id
    old.claim(attempt_id)
    eventually(lambda: stage.task_state("pair", "r1", "first") is TaskState.RUNNING)
    stop.set()
    stage.threads[0][0].join(10)

    stage.start_scheduler(new, "new")
    new.succeed(attempt_id)
    finish(new, "second")

    eventually(lambda: stage.run_state("pair", "r1") is RunState.SUCCESS)


def test_a_standby_takes_over_from_a_silent_leader_which_may_not_write_any_more(
    stage: Stage,
) -> None:
    silent, standby = PlayedExecutor(), PlayedExecutor()
    stage.save_dag(PAIR)
    stage.start_scheduler(silent, "silent")
    eventually(lambda: stage.store and _epoch(stage) == 1)
    with stage.store.write() as connection:  # the lease passes on as if the leader had been asleep
        connection.exec_driver_sql("UPDATE leases SET epoch = 2, holder = 'other', expires_at = 0")

    stage.start_scheduler(standby, "standby")
    stage.trigger("pair", "r1")

    standby.workload_of("first")
    eventually(lambda: stage.losses)
    assert silent.submitted == []


def test_a_finished_run_is_loaded_again_when_it_is_cleared(stage: Stage) -> None:
    executor = PlayedExecutor()
    stage.start_scheduler(executor)
    stage.save_dag(PAIR)
    stage.trigger("pair", "r1")
    finish(executor, "first")
    finish(executor, "second")
    eventually(lambda: stage.run_state("pair", "r1") is RunState.SUCCESS)
    executor.submitted.clear()

    with stage.store.write() as connection:
        selection = TaskSelection(dag_id="pair", run_ids=("r1",), task_ids=("second",))
        inbox.append(connection, ClearTasks(selection=selection), now=utc_now())
    finish(executor, "second")

    eventually(lambda: stage.run_state("pair", "r1") is RunState.SUCCESS)
    assert [workload.task_id for workload in executor.submitted] == ["second"]


def test_a_command_about_a_run_that_does_not_exist_is_dropped_and_blocks_nothing(stage: Stage) -> None:
    executor = PlayedExecutor()
    stage.start_scheduler(executor)
    stage.save_dag(PAIR)
    with stage.store.write() as connection:
        inbox.append(connection, MarkRun(dag_id="pair", run_id="no such run", state="failed"), now=utc_now())

    stage.trigger("pair", "r1")

    executor.workload_of("first")


def _epoch(stage: Stage) -> int | None:
    with stage.store.read() as connection:
        return connection.exec_driver_sql("SELECT epoch FROM leases").scalar()


def test_a_command_that_cannot_be_understood_is_dropped_and_blocks_nothing(stage: Stage) -> None:
    executor = PlayedExecutor()
    stage.start_scheduler(executor)
    stage.save_dag(PAIR)
    stage.send(RemoteReport(executor="local", report=b"\xc1"))
    stage.trigger("pair", "r1")
    executor.workload_of("first")
    eventually(stage.inbox_is_empty)


def test_a_command_that_breaks_the_core_is_set_aside_and_breaks_it_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("as a fault of ours would")

    stage.save_dag(PAIR)
    stage.trigger("pair", "r1")
    stop = stage.start_scheduler(PlayedExecutor(), "one")
    eventually(stage.inbox_is_empty)
    monkeypatch.setattr(inbox_module, "follow_markers", fail)
    stage.send(ClearTasks(selection=TaskSelection(dag_id="pair", run_ids=("r1",))))
    (loss,) = eventually(lambda: stage.losses)
    assert isinstance(loss, StaleMemoryError)
    stop.set()
    executor = PlayedExecutor()
    stage.start_scheduler(executor, "two")
    stage.trigger("pair", "r2")
    eventually(lambda: stage.run_state("pair", "r2") is RunState.RUNNING)
    eventually(stage.inbox_is_empty)
    with stage.store.read() as connection:
        (rejected,) = inbox.load_rejected(connection)
    assert rejected.error == "RuntimeError: as a fault of ours would"


def test_a_run_whose_dag_has_lost_its_versions_keeps_no_other_from_going_on(stage: Stage) -> None:
    stage.save_dag(PAIR)
    stage.trigger("pair", "r1")
    with stage.store.write() as connection:
        connection.exec_driver_sql("DELETE FROM dag_versions")
    stage.save_dag(DAILY)
    stage.trigger("daily", "r2")
    executor = PlayedExecutor()
    stage.start_scheduler(executor)
    executor.workload_of("only")
    assert stage.losses == []


def test_an_answer_that_is_too_large_to_be_sent_is_refused_and_ends_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "MAX_FRAME_BYTES", 10_000)
    executor = PlayedExecutor()
    stage.start_scheduler(executor)
    with stage.store.write() as connection:
        save_variable(connection, "large", "x" * 10_001, secrets=stage.store.secrets, now=utc_now())
    executor.say(Ask(attempt_id="a", number=3, request=GetVariable(id=3, key="large")))
    reply = eventually(lambda: next((each for each in executor.sent if isinstance(each, Reply)), None))
    assert (reply.attempt_id, reply.number) == ("a", 3)
    assert isinstance(reply.answer, Refused)
    assert "GetVariable" in reply.answer.reason
    assert "over the limit of 10000" in reply.answer.reason
    stage.save_dag(PAIR)
    stage.trigger("pair", "r1")
    executor.workload_of("first")


def test_the_schedule_leaves_out_a_date_that_was_run_by_hand_before(stage: Stage) -> None:
    executor = PlayedExecutor()
    stage.save_dag(DAILY)
    with stage.store.write() as connection:
        by_hand = RunRequest(dag_id="daily", run_id="by-hand", logical_date=FIRST_DAY)
        request_run(connection, by_hand, now=utc_now())
        connection.exec_driver_sql("UPDATE dag_runs SET state = 'success'")
        connection.exec_driver_sql("DELETE FROM inbox")

    stage.start_scheduler(executor)

    executor.workload_of("only")
    assert executor.submitted[0].run.logical_date == FIRST_DAY + timedelta(days=1)
    assert stage.losses == []


def test_a_term_that_ends_because_the_store_has_changed_frees_the_lease_at_once(stage: Stage) -> None:
    executor, successor = PlayedExecutor(), PlayedExecutor()
    stage.save_dag(PAIR)
    stage.start_scheduler(executor, "first")
    stage.trigger("pair", "r1")
    attempt_id = executor.workload_of("first").attempt_id
    with stage.store.write() as connection:
        connection.exec_driver_sql("DELETE FROM dag_runs")

    executor.claim(attempt_id)

    (loss,) = eventually(lambda: stage.losses)
    assert isinstance(loss, StaleMemoryError)
    with stage.store.read() as connection:
        assert connection.exec_driver_sql("SELECT holder FROM leases").scalar_one() == ""
    stage.start_scheduler(successor, "second")
    stage.trigger("pair", "r2")
    assert successor.workload_of("first").run.run_id == "r2"


def test_what_a_process_used_is_stored_soon_though_nothing_else_happens(stage: Stage) -> None:
    executor = PlayedExecutor()
    stage.start_scheduler(executor)
    stage.save_dag(PAIR)
    stage.trigger("pair", "r1")
    first = finish(executor, "first")
    executor.workload_of("second")

    executor.say(AttemptUsage(attempt_id=first, usage=Usage(peak_memory_bytes=42)))

    def stored() -> bool:
        with stage.store.read() as connection:
            (attempt,) = load_attempts(connection, TaskKey("pair", "r1", "first"))
        return attempt.peak_memory_bytes == 42

    eventually(stored)


def test_what_a_process_used_is_stored_before_the_scheduler_stops(stage: Stage) -> None:
    executor = PlayedExecutor()
    stop = stage.start_scheduler(executor)
    stage.save_dag(PAIR)
    stage.trigger("pair", "r1")
    first = finish(executor, "first")
    executor.workload_of("second")

    executor.say(AttemptUsage(attempt_id=first, usage=Usage(peak_memory_bytes=42)))
    eventually(lambda: not executor.has_unheard)
    stop.set()
    stage.threads[0][0].join(10)

    with stage.store.read() as connection:
        (attempt,) = load_attempts(connection, TaskKey("pair", "r1", "first"))
    assert attempt.peak_memory_bytes == 42

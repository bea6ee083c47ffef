"""Backfills from the command to their end, through the store."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from etesian.foundation.clock import utc_now
from etesian.lifecycle.records import DagRunRecord, RunKey
from etesian.lifecycle.state import RunState, RunType
from etesian.protocol.commands import ChangeBackfill, CreateBackfill
from etesian.protocol.reports import Failed, Finished
from etesian.spec.dag import DagSpec
from etesian.spec.schedule import CronTriggerSchedule
from etesian.spec.task import TaskSpec
from etesian.store.queries import backfills
from etesian.store.queries.page import Paging
from etesian.store.queries.runs import RunFilter, find_runs
from tests.integration.scheduler.conftest import PlayedExecutor, Stage, eventually

DAILY = DagSpec(
    dag_id="daily",
    file="daily.py",
    tasks=(TaskSpec(task_id="only"),),
    schedule=CronTriggerSchedule(expressions=("0 0 * * *",)),
    start_date=datetime(2100, 1, 1, tzinfo=UTC),
)


def order(days: int, **fields: object) -> CreateBackfill:
    """Return an order for the first days of 2020."""
    return CreateBackfill(
        backfill_id="b1",
        dag_id="daily",
        from_date=datetime(2020, 1, 1, tzinfo=UTC),
        to_date=datetime(2020, 1, days, tzinfo=UTC),
        **fields,  # type: ignore[arg-type] - fields of the command
    )


def create(stage: Stage, command: CreateBackfill) -> None:
    """Store a backfill, as CLI and API do."""
    with stage.store.write() as connection:
        backfills.create_backfill(connection, command, now=utc_now())
    stage.ring()


def change(stage: Stage, action: str) -> None:
    """Pause, unpause or cancel it."""
    with stage.store.write() as connection:
        command = ChangeBackfill(backfill_id="b1", action=action)
        backfills.change_backfill(connection, command, now=utc_now())
    stage.ring()


def runs_of(stage: Stage) -> list[DagRunRecord]:
    """Return the runs, the earliest date first."""
    with stage.store.read() as connection:
        return find_runs(connection, RunFilter(dag_ids=["daily"]), Paging(order_by=("logical_date",)))


def is_completed(stage: Stage) -> bool:
    """Whether the store knows the backfill's end."""
    with stage.store.read() as connection:
        return backfills.load_backfill(connection, "b1").completed_at is not None


def work_off(executor: PlayedExecutor, count: int) -> list[str]:
    """Let that many attempts succeed, one after the other; return the days of their runs in order."""
    days: list[str] = []
    for number in range(count):
        eventually(lambda wanted=number: len(executor.submitted) > wanted)
        workload = executor.submitted[number]
        executor.claim(workload.attempt_id)
        executor.succeed(workload.attempt_id)
        assert workload.run.logical_date is not None
        days.append(f"{workload.run.logical_date:%d}")
    return days


def test_a_backfill_makes_a_run_for_each_date_and_is_completed(stage: Stage) -> None:
    executor = PlayedExecutor()
    stage.start_scheduler(executor)
    stage.save_dag(DAILY)

    create(stage, order(3, max_active_runs=1, conf={"why": "mended"}))

    assert work_off(executor, 3) == ["01", "02", "03"]
    eventually(lambda: is_completed(stage))
    assert {(run.run_type, run.state, run.backfill_id) for run in runs_of(stage)} == {
        (RunType.BACKFILL, RunState.SUCCESS, "b1")
    }
    assert executor.submitted[0].run.conf == {"why": "mended"}


def test_a_backfill_goes_backwards_when_asked(stage: Stage) -> None:
    executor = PlayedExecutor()
    stage.start_scheduler(executor)
    stage.save_dag(DAILY)

    create(stage, order(3, max_active_runs=1, run_backwards=True))

    assert work_off(executor, 3) == ["03", "02", "01"]


@pytest.mark.parametrize(
    ("reprocess", "again"), [("none", []), ("failed", ["02"]), ("completed", ["01", "02"])]
)
def test_runs_that_exist_are_done_again_as_the_backfill_says(
    stage: Stage, reprocess: str, again: list[str]
) -> None:
    executor = PlayedExecutor()
    stage.start_scheduler(executor)
    stage.save_dag(DAILY)
    create(stage, order(2, max_active_runs=1))
    work_off(executor, 1)
    eventually(lambda: len(executor.submitted) == 2)
    executor.claim(executor.submitted[1].attempt_id)
    executor.say(
        Finished(attempt_id=executor.submitted[1].attempt_id, outcome=Failed(reason="boom", retry=False))
    )
    eventually(lambda: is_completed(stage))
    executor.submitted.clear()

    with stage.store.write() as connection:
        second = order(2, max_active_runs=1, reprocess=reprocess)
        command = CreateBackfill(
            backfill_id="b2",
            dag_id="daily",
            from_date=second.from_date,
            to_date=second.to_date,
            max_active_runs=1,
            reprocess=reprocess,
        )
        backfills.create_backfill(connection, command, now=utc_now())
    stage.ring()

    assert work_off(executor, len(again)) == again

    def second_is_completed() -> bool:
        with stage.store.read() as connection:
            return backfills.load_backfill(connection, "b2").completed_at is not None

    eventually(second_is_completed)
    assert len(runs_of(stage)) == 2


def test_a_new_leader_goes_on_with_a_backfill(stage: Stage) -> None:
    first, second = PlayedExecutor(), PlayedExecutor()
    stop = stage.start_scheduler(first, "first")
    stage.save_dag(DAILY)
    create(stage, order(3, max_active_runs=1))
    attempt_id = eventually(lambda: first.submitted)[0].attempt_id
    stop.set()
    stage.threads[0][0].join(10)

    stage.start_scheduler(second, "second")
    second.claim(attempt_id)
    second.succeed(attempt_id)

    assert work_off(second, 2) == ["02", "03"]
    eventually(lambda: is_completed(stage))


def test_a_paused_backfill_starts_no_more_until_it_goes_on(stage: Stage) -> None:
    executor = PlayedExecutor()
    stage.start_scheduler(executor)
    stage.save_dag(DAILY)
    create(stage, order(2, max_active_runs=1))
    eventually(lambda: executor.submitted)
    change(stage, "pause")
    eventually(stage.inbox_is_empty)

    work_off(executor, 1)
    eventually(lambda: stage.run_state("daily", runs_of(stage)[0].run_id) is RunState.SUCCESS)
    assert len(executor.submitted) == 1

    change(stage, "unpause")
    eventually(lambda: len(executor.submitted) == 2)


def test_a_cancelled_backfill_lets_its_running_run_end_and_makes_no_more(stage: Stage) -> None:
    executor = PlayedExecutor()
    stage.start_scheduler(executor)
    stage.save_dag(DAILY)
    create(stage, order(3, max_active_runs=1))
    eventually(lambda: executor.submitted)

    change(stage, "cancel")
    eventually(stage.inbox_is_empty)
    work_off(executor, 1)

    (run,) = runs_of(stage)
    eventually(lambda: stage.run_state(*RunKey("daily", run.run_id)) is RunState.SUCCESS)
    assert is_completed(stage)
    assert len(runs_of(stage)) == 1


def test_a_backfill_of_a_dag_that_comes_back_goes_on_with_it(stage: Stage) -> None:
    executor = PlayedExecutor()
    stage.save_dag(DAILY)
    with stage.store.write() as connection:
        connection.exec_driver_sql("UPDATE dags SET is_active = 0")
    stage.start_scheduler(executor)
    create(stage, order(1))
    eventually(stage.inbox_is_empty)

    stage.save_dag(DAILY)
    stage.ring()

    assert work_off(executor, 1) == ["01"]
    eventually(lambda: is_completed(stage))

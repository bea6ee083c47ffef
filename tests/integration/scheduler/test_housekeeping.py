"""What is deleted while a scheduler leads, without anybody asking."""

from __future__ import annotations

import os
from datetime import timedelta

from sqlalchemy import func, select

from etesian.foundation.clock import SystemClock, utc_now
from etesian.scheduler.shell.housekeeping import Retention, housekeeping, sweep
from etesian.store.run_requests import RunRequest, request_run
from etesian.store.tables import dag_runs_table
from etesian.telemetry.task_logs import log_path
from tests.integration.scheduler.conftest import Stage, eventually
from tests.integration.scheduler.test_shell import PAIR

YEAR = timedelta(days=365)


def add_run(stage: Stage, run_id: str, *, ended_before: timedelta) -> None:
    with stage.store.write() as connection:
        request_run(connection, RunRequest(dag_id="pair", run_id=run_id), now=utc_now())
        connection.execute(
            dag_runs_table.update()
            .where(dag_runs_table.c.run_id == run_id)
            .values(state="success", ended_at=utc_now() - ended_before)
        )


def run_ids(stage: Stage) -> set[str]:
    with stage.store.read() as connection:
        return set(connection.execute(select(dag_runs_table.c.run_id)).scalars())


def test_old_runs_and_old_logs_go_without_anybody_asking(stage: Stage) -> None:
    stage.save_dag(PAIR)
    add_run(stage, "old", ended_before=2 * YEAR)
    add_run(stage, "new", ended_before=timedelta(days=1))
    log = log_path(stage.home / "logs", "pair", "old", "first", -1, 1)
    log.parent.mkdir(parents=True)
    log.write_text("{}\n")
    os.utime(log, (0, 0))
    retention = Retention(
        run_age=YEAR, log_age=YEAR, logs_dir=stage.home / "logs", first_after=timedelta(milliseconds=1)
    )

    with housekeeping(stage.store, SystemClock(), retention):
        eventually(lambda: run_ids(stage) == {"new"} and not log.exists())


def test_a_large_history_goes_in_small_steps(stage: Stage) -> None:
    stage.save_dag(PAIR)
    for number in range(50):
        add_run(stage, f"old{number}", ended_before=2 * YEAR)

    steps = list(sweep(stage.store, SystemClock(), Retention(run_age=YEAR)))

    assert steps == [20, 20, 10]


def test_history_is_kept_for_ever_where_the_settings_say_so(stage: Stage) -> None:
    stage.save_dag(PAIR)
    add_run(stage, "old", ended_before=20 * YEAR)

    assert list(sweep(stage.store, SystemClock(), Retention())) == []

    with stage.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(dag_runs_table)).scalar_one() == 1

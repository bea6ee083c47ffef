from __future__ import annotations

from datetime import datetime

import msgspec
import pytest

from etesian.lifecycle.state import RunState, RunType
from etesian.protocol.commands import CreateBackfill
from etesian.store import Store
from etesian.store.queries import inbox
from tests.conformance.store.samples import Scheduler, a_run
from tests.integration.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("scheduler")
DATES = ("--dag-id", "etl", "--from-date", "2020-01-01", "--to-date", "2020-01-03T12:00")


def test_a_backfill_is_created_and_told_to_the_scheduler(run: Run, store: Store) -> None:
    result = run(
        "backfill", "create", *DATES, "--max-active-runs", "2", "--dag-run-conf", '{"n": 1}', "-o", "json"
    )

    assert (result.code, result.data["dag_id"], result.data["runs"]) == (0, "etl", 3)
    assert "the backfill waits for `etesian dags unpause etl`" in result.err
    with store.write() as connection:
        command = inbox.read(connection)[-1].command
    assert isinstance(command, CreateBackfill)
    assert (command.max_active_runs, command.conf, command.reprocess) == (2, {"n": 1}, "none")


def test_a_dry_run_lists_what_would_be_created_and_stores_nothing(
    run: Run, store: Store, scheduler: Scheduler
) -> None:
    date = run("backfill", "create", *DATES, "--dry-run", "-o", "json").data[1]["logical_date"]
    second = datetime.fromisoformat(date)
    scheduler.save(a_run("there", state=RunState.FAILED, logical_date=second, run_after=second))

    rows = run("backfill", "create", *DATES, "--dry-run", "--reprocess-behavior", "failed", "-o", "json").data
    backwards = run("backfill", "create", *DATES, "--dry-run", "--run-backwards", "-o", "json").data

    assert [(row["action"], row["run_id"], row["state"]) for row in rows] == [
        ("create", None, None),
        ("run again", "there", "failed"),
        ("create", None, None),
    ]
    assert [row["logical_date"] for row in backwards] == [row["logical_date"] for row in rows][::-1]
    assert backwards[1]["action"] == "leave"
    assert run("backfill", "list", "-o", "json").data == []


def test_progress_and_the_expected_end_are_shown(run: Run, scheduler: Scheduler) -> None:
    backfill_id = run("backfill", "create", *DATES, "-o", "json").data["id"]
    rows = run("backfill", "create", *DATES, "--dry-run", "-o", "json").data
    first = datetime.fromisoformat(rows[0]["logical_date"])
    done = a_run("b", state=RunState.SUCCESS, logical_date=first, run_after=first)
    scheduler.save(msgspec.structs.replace(done, run_type=RunType.BACKFILL, backfill_id=backfill_id))

    record = run("backfill", "show", backfill_id, "-o", "json").data

    assert record["runs"] == "1 of 3 ended (1 success)"
    assert record["expected_end_at"] is not None


def test_a_backfill_is_paused_goes_on_and_is_cancelled(run: Run) -> None:
    backfill_id = run("backfill", "create", *DATES, "-o", "json").data["id"]

    assert run("backfill", "pause", backfill_id).out == f"Backfill {backfill_id!r} of DAG 'etl' is paused.\n"
    assert run("backfill", "list", "--active", "-o", "json").data[0]["status"] == "paused"
    assert run("backfill", "unpause", backfill_id).code == 0
    assert run("backfill", "cancel", backfill_id).code == 0
    assert run("backfill", "list", "--active", "-o", "json").data == []
    again = run("backfill", "pause", backfill_id)
    assert (again.code, again.err) == (
        4,
        f"Error: backfill {backfill_id!r} is over; create another one\n",
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--dag-id", "elt"), 3, "etl"),
        (("--dag-id", "report"), 2, "has no schedule to backfill"),
        (("--dag-run-conf", "{"), 2, "--dag-run-conf must be a JSON object"),
        (("--to-date", "2019-01-01"), 2, "is after to_date"),
        (("--dag-run-conf", "[1]"), 2, "--dag-run-conf must be a JSON object"),
        (("--max-active-runs", "0"), 2, "0 is not in the range"),
        (("--from-date", "2020-01-02T07:00", "--to-date", "2020-01-02T08:00"), 2, "has no run between"),
    ],
)
def test_what_cannot_be_backfilled_is_refused_in_words(
    run: Run, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = run("backfill", "create", *DATES, *arguments)

    assert result.code == code
    assert message in result.err


def test_an_unknown_backfill_is_not_found(run: Run) -> None:
    result = run("backfill", "show", "nope")

    assert result.code == 3
    assert "nope" in result.err

"""``etesian backfill``: runs for dates that are past."""

from __future__ import annotations

from datetime import datetime

import click

from etesian.cli.conf import read_conf
from etesian.cli.errors import NotFoundError
from etesian.cli.lazy_group import Entry, LazyGroup
from etesian.cli.lookup import find_dag
from etesian.cli.moments import MOMENT
from etesian.cli.output import OutputFormat, output_option, print_record, print_rows
from etesian.cli.session import Session, pass_session
from etesian.foundation.clock import utc_now
from etesian.protocol.commands import ChangeBackfill, CreateBackfill
from etesian.store.backfill_requests import (
    REPROCESS,
    load_progress,
    new_backfill_id,
    plan_backfill,
    request_backfill,
)
from etesian.store.queries.backfills import (
    BackfillRecord,
    UnknownBackfillError,
    change_backfill,
    list_backfills,
    load_backfill,
)
from etesian.store.queries.page import Paging

group = LazyGroup(
    "backfill",
    {
        "Look": {
            "list": Entry(f"{__name__}:list_command", "Backfills, the newest first."),
            "show": Entry(f"{__name__}:show", "How far a backfill has come, and when it ends."),
        },
        "Act": {
            "create": Entry(f"{__name__}:create", "Run a DAG for dates that are past."),
            "pause": Entry(f"{__name__}:pause", "Start no more runs of a backfill."),
            "unpause": Entry(f"{__name__}:unpause", "Let a backfill go on."),
            "cancel": Entry(f"{__name__}:cancel", "End a backfill."),
        },
    },
    help="Run a DAG for dates that are past.",
)

LIST_COLUMNS = ("id", "dag_id", "from_date", "to_date", "status", "created_at")
PLAN_COLUMNS = ("logical_date", "action", "run_id", "state")


@click.command()
@click.option("--dag-id", required=True, help="The DAG to run.")
@click.option("--from-date", required=True, type=MOMENT, help="The earliest date.")
@click.option("--to-date", required=True, type=MOMENT, help="The latest date, included.")
@click.option("--dag-run-conf", help="JSON object for each run.")
@click.option("--run-backwards", is_flag=True, help="Begin with the latest date.")
@click.option(
    "--max-active-runs", type=click.IntRange(1), default=10, show_default=True, help="Runs at one time."
)
@click.option(
    "--reprocess-behavior",
    type=click.Choice(REPROCESS),
    default="none",
    show_default=True,
    help="Which runs that exist are done again.",
)
@click.option(
    "--run-on-latest-version/--no-run-on-latest-version",
    default=True,
    show_default=True,
    help="Whether runs that are done again take the DAG's newest version.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done about each date.")
@output_option
@pass_session
def create(
    session: Session,
    dag_id: str,
    from_date: datetime,
    to_date: datetime,
    dag_run_conf: str | None,
    run_backwards: bool,
    max_active_runs: int,
    reprocess_behavior: str,
    run_on_latest_version: bool,
    dry_run: bool,
    output: OutputFormat,
) -> None:
    """Run a DAG once for each date of its schedule between two dates. Normal runs go first."""
    command = CreateBackfill(
        backfill_id=new_backfill_id(),
        dag_id=dag_id,
        from_date=from_date,
        to_date=to_date,
        run_backwards=run_backwards,
        max_active_runs=max_active_runs,
        reprocess=reprocess_behavior,
        conf=read_conf(dag_run_conf, "--dag-run-conf"),
        newest_version=run_on_latest_version,
    )
    if dry_run:
        _show_plan(session, command, output)
        return
    with session.store.write() as connection:
        dag = find_dag(connection, dag_id)
        backfill = request_backfill(connection, command, now=utc_now(), triggering_user=session.actor.user)
        session.note(connection, "create_backfill", dag_id=dag_id, backfill_id=backfill.backfill_id)
    session.wake_scheduler()
    _print(session, backfill, output)
    if dag.is_paused:
        click.echo(
            f"DAG {dag_id!r} is paused; the backfill waits for `etesian dags unpause {dag_id}`.", err=True
        )


def _show_plan(session: Session, command: CreateBackfill, output: OutputFormat) -> None:
    with session.store.read() as connection:
        find_dag(connection, command.dag_id)
        plan = plan_backfill(connection, command)
    rows = [{column: getattr(planned, column) for column in PLAN_COLUMNS} for planned in plan]
    print_rows(rows, output, columns=PLAN_COLUMNS, nothing="Nothing would be done.")


@click.command("list")
@click.option("--dag-id", help="Only those of this DAG.")
@click.option("--active", is_flag=True, help="Only those that are not completed.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most this many.")
@output_option
@pass_session
def list_command(
    session: Session, dag_id: str | None, active: bool, limit: int, output: OutputFormat
) -> None:
    """List backfills, the newest first."""
    newest_first = Paging(limit=limit, order_by=("-created_at",))
    with session.store.read() as connection:
        if dag_id is not None:
            find_dag(connection, dag_id)
        page = list_backfills(
            connection, newest_first, dag_ids=[dag_id] if dag_id else None, only_open=active
        )
    print_rows(
        [_row(backfill) for backfill in page.items],
        output,
        columns=LIST_COLUMNS,
        nothing="There are no such backfills. `etesian backfill create` makes one.",
    )


@click.command()
@click.argument("backfill_id")
@output_option
@pass_session
def show(session: Session, backfill_id: str, output: OutputFormat) -> None:
    """Show how far a backfill has come, and when it is expected to end."""
    with session.store.read() as connection:
        backfill = _find(session, backfill_id)
        progress = load_progress(connection, backfill, now=utc_now())
    states = ", ".join(f"{count} {state}" for state, count in sorted(progress.by_state.items())) or "none yet"
    record = _row(backfill) | {
        "runs": f"{progress.finished} of {progress.total} ended ({states})",
        "expected_end_at": progress.expected_end_at,
        "completed_at": backfill.completed_at,
    }
    print_record(record, output)


@click.command()
@click.argument("backfill_id")
@pass_session
def pause(session: Session, backfill_id: str) -> None:
    """Start no more runs of a backfill; those that run go on."""
    _change(session, backfill_id, "pause", "paused")


@click.command()
@click.argument("backfill_id")
@pass_session
def unpause(session: Session, backfill_id: str) -> None:
    """Let a backfill go on."""
    _change(session, backfill_id, "unpause", "going on")


@click.command()
@click.argument("backfill_id")
@pass_session
def cancel(session: Session, backfill_id: str) -> None:
    """Make no more runs of a backfill, and fail those that wait; those that run go on to their end."""
    _change(session, backfill_id, "cancel", "cancelled")


def _change(session: Session, backfill_id: str, action: str, word: str) -> None:
    backfill = _find(session, backfill_id)
    with session.store.write() as connection:
        command = ChangeBackfill(backfill_id=backfill_id, action=action)
        change_backfill(connection, command, now=utc_now())
        session.note(connection, f"{action}_backfill", dag_id=backfill.dag_id, backfill_id=backfill_id)
    session.wake_scheduler()
    click.echo(f"Backfill {backfill_id!r} of DAG {backfill.dag_id!r} is {word}.")


def _find(session: Session, backfill_id: str) -> BackfillRecord:
    newest_first = Paging(limit=100, order_by=("-created_at",))
    with session.store.read() as connection:
        try:
            return load_backfill(connection, backfill_id)
        except UnknownBackfillError as error:
            known = [item.backfill_id for item in list_backfills(connection, newest_first).items]
            raise NotFoundError("backfill", backfill_id, known) from error


def _print(session: Session, backfill: BackfillRecord, output: OutputFormat) -> None:
    with session.store.read() as connection:
        progress = load_progress(connection, backfill, now=utc_now())
    print_record(_row(backfill) | {"runs": progress.total}, output)


def _row(backfill: BackfillRecord) -> dict[str, object]:
    status = "paused" if backfill.is_paused else "open"
    return {
        "id": backfill.backfill_id,
        "dag_id": backfill.dag_id,
        "from_date": backfill.from_date,
        "to_date": backfill.to_date,
        "status": status if backfill.completed_at is None else "over",
        "created_at": backfill.created_at,
    }

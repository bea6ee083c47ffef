"""A DAG's runs: list, look at one, start one."""

from __future__ import annotations

from datetime import datetime

import click

from etesian.cli.conf import read_conf
from etesian.cli.errors import ExitCode
from etesian.cli.lookup import find_dag, find_run
from etesian.cli.moments import MOMENT
from etesian.cli.output import OutputFormat, output_option, print_record, print_rows
from etesian.cli.session import Session, pass_session
from etesian.foundation.clock import utc_now
from etesian.lifecycle.records import DagRunRecord
from etesian.lifecycle.state import RunState
from etesian.store.queries.page import Paging
from etesian.store.queries.patterns import Between
from etesian.store.queries.runs import RunFilter
from etesian.store.queries.runs import list_runs as load_runs
from etesian.store.run_requests import RunRequest, request_run

RUN_COLUMNS = ("dag_id", "run_id", "state", "run_type", "run_after", "logical_date", "started_at", "ended_at")


@click.command("list-runs")
@click.argument("dag_id")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([item.value for item in RunState]),
    help="Only in this state.",
)
@click.option("--start-date", type=MOMENT, help="Only runs due at this moment or later.")
@click.option("--end-date", type=MOMENT, help="Only runs due at this moment or earlier.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most this many.")
@output_option
@pass_session
def list_runs(
    session: Session,
    dag_id: str,
    states: tuple[str, ...],
    start_date: datetime | None,
    end_date: datetime | None,
    limit: int,
    output: OutputFormat,
) -> None:
    """List a DAG's runs, the newest first."""
    wanted = RunFilter(
        dag_ids=[dag_id],
        states=[RunState(state) for state in states] or None,
        run_after=Between(since=start_date, until=end_date),
    )
    with session.store.read() as connection:
        find_dag(connection, dag_id)
        page = load_runs(connection, wanted, Paging(limit=limit, order_by=("-run_after",)))
    rows = [run_row(run) for run in page.items]
    print_rows(rows, output, columns=RUN_COLUMNS, nothing=f"DAG {dag_id!r} has no such run.")


@click.command()
@click.argument("dag_id")
@click.argument("run", required=False)
@output_option
@pass_session
def state(session: Session, dag_id: str, run: str | None, output: OutputFormat) -> None:
    """Print the state of a run, or of the newest one. RUN is a run_id or a logical date.

    The exit code is 1 if the run has failed.
    """
    with session.store.read() as connection:
        find_dag(connection, dag_id)
        found = find_run(connection, dag_id, run)
    if output is OutputFormat.TABLE:
        click.echo(found.state)
    else:
        print_record(run_row(found), output)
    if found.state is RunState.FAILED:
        raise click.exceptions.Exit(ExitCode.FAILED)


@click.command()
@click.argument("dag_id")
@click.option("-c", "--conf", help="JSON object for the run.")
@click.option("-r", "--run-id", help="Name of the run; made from the time if left out.")
@click.option("-e", "--logical-date", "--exec-date", type=MOMENT, help="Logical date of the run.")
@click.option("--note", help="A note to attach.")
@output_option
@pass_session
def trigger(
    session: Session,
    dag_id: str,
    conf: str | None,
    run_id: str | None,
    logical_date: datetime | None,
    note: str | None,
    output: OutputFormat,
) -> None:
    """Run a DAG now. A paused DAG's run waits until it is unpaused."""
    request = RunRequest(
        dag_id=dag_id,
        run_id=run_id,
        logical_date=logical_date,
        conf=read_conf(conf),
        note=note,
        triggered_by="cli",
    )
    with session.store.write() as connection:
        dag = find_dag(connection, dag_id)
        run = request_run(connection, request, now=utc_now())
        session.note(connection, "trigger_dag_run", dag_id=dag_id, run_id=run.run_id)
    session.wake_scheduler()
    print_record(run_row(run), output)
    if dag.is_paused:
        click.echo(f"DAG {dag_id!r} is paused; the run waits for `etesian dags unpause {dag_id}`.", err=True)


def run_row(run: DagRunRecord) -> dict[str, object]:
    """Return what lists show of a run."""
    return {column: getattr(run, column) for column in RUN_COLUMNS}

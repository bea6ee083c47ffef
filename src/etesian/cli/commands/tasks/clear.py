"""Letting tasks run again."""

from __future__ import annotations

import re
from datetime import datetime

import click
from sqlalchemy import Connection

from etesian.cli.confirm import confirm
from etesian.cli.errors import CommandError, ExitCode, NotFoundError, UsageError, count_of
from etesian.cli.lookup import NoRunError, find_dag, find_run, find_spec
from etesian.cli.moments import MOMENT
from etesian.cli.output import OutputFormat, output_option, print_rows
from etesian.cli.session import Session, pass_session
from etesian.protocol.commands import ClearTasks, TaskSelection
from etesian.spec.dag import DagSpec
from etesian.store.queries.page import Paging
from etesian.store.queries.patterns import Between
from etesian.store.queries.runs import RunFilter, list_runs
from etesian.store.selection import list_selected

#: A clear names this many runs at most.
MAX_RUNS = 1000


class NoSuchRunsError(CommandError):
    """No run is of the time that was given."""

    exit_code = ExitCode.NOT_FOUND


@click.command()
@click.argument("dag_id")
@click.option("-t", "--task-regex", help="Only tasks whose id matches this pattern; all tasks if left out.")
@click.option("-r", "--run", "run_names", multiple=True, help="Only this run: a run_id or a logical date.")
@click.option("-s", "--start-date", type=MOMENT, help="Only runs due at this moment or later.")
@click.option("-e", "--end-date", type=MOMENT, help="Only runs due at this moment or earlier.")
@click.option("-u", "--upstream", is_flag=True, help="Also all tasks before them.")
@click.option("-d", "--downstream", is_flag=True, help="Also all tasks after them.")
@click.option("--past", is_flag=True, help="Also in runs of earlier dates.")
@click.option("--future", is_flag=True, help="Also in runs of later dates.")
@click.option("-f", "--only-failed", is_flag=True, help="Only those that have failed.")
@click.option("--only-running", is_flag=True, help="Only those that run now.")
@click.option(
    "--newest-version/--same-version",
    default=None,
    help="Run them with the DAG as it is now, or as it was. Default: as the DAG says, else as it was.",
)
@click.option("--dry-run", is_flag=True, help="Only list what would be cleared.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@output_option
@pass_session
def clear(
    session: Session,
    /,
    dag_id: str,
    task_regex: str | None,
    run_names: tuple[str, ...],
    start_date: datetime | None,
    end_date: datetime | None,
    newest_version: bool | None,
    dry_run: bool,
    yes: bool,
    output: OutputFormat,
    **conditions: bool,
) -> None:
    """Forget what tasks came to, so that they and their runs go on. Without --run or dates: in all runs."""
    with session.store.read() as connection:
        find_dag(connection, dag_id)
        spec = find_spec(connection, dag_id)
        selection = TaskSelection(
            dag_id=dag_id,
            run_ids=_run_ids(connection, dag_id, run_names, Between(since=start_date, until=end_date)),
            task_ids=_task_ids(spec, task_regex),
            upstream=conditions["upstream"],
            downstream=conditions["downstream"],
            past=conditions["past"],
            future=conditions["future"],
            only_failed=conditions["only_failed"],
            only_running=conditions["only_running"],
        )
        page = list_selected(connection, spec, selection, Paging(limit=MAX_RUNS))
    rows = [
        {"run_id": i.run_id, "task_id": i.task_id, "map_index": i.map_index, "state": i.state}
        for i in page.items
    ]
    print_rows(rows, output, columns=("run_id", "task_id", "map_index", "state"), nothing="Nothing fits.")
    if dry_run or not rows:
        return
    if not yes:
        confirm(f"Clear {'this' if page.total == 1 else 'these'} {count_of(page.total, 'task instance')}?")
    if session.steer(ClearTasks(selection=selection, newest_version=newest_version)):
        click.echo(f"{count_of(page.total, 'task instance')} cleared.", err=True)


def _task_ids(spec: DagSpec, pattern: str | None) -> tuple[str, ...]:
    if pattern is None:
        return ()
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"--task-regex {pattern!r} is not a pattern: {error}") from error
    found = tuple(task.task_id for task in spec.tasks if compiled.search(task.task_id))
    if not found:
        raise NotFoundError(
            f"task in DAG {spec.dag_id!r} that matches", pattern, [t.task_id for t in spec.tasks]
        )
    return found


def _run_ids(connection: Connection, dag_id: str, names: tuple[str, ...], due: Between) -> tuple[str, ...]:
    if names:
        return tuple(find_run(connection, dag_id, name).run_id for name in names)
    paging = Paging(limit=MAX_RUNS, order_by=("-run_after",))
    page = list_runs(connection, RunFilter(dag_ids=[dag_id], run_after=due), paging)
    if page.total > MAX_RUNS:
        raise UsageError(f"{page.total} runs would be cleared; give dates so that it is {MAX_RUNS} at most")
    if not page.items:
        if due == Between():
            raise NoRunError(dag_id)
        span = f"from {due.since or 'the first one'} to {due.until or 'the last one'}"
        raise NoSuchRunsError(f"DAG {dag_id!r} has no run that was due {span}")
    return tuple(run.run_id for run in page.items)

"""Declaring what tasks came to."""

from __future__ import annotations

import click

from etesian.cli.confirm import confirm
from etesian.cli.errors import count_of
from etesian.cli.lookup import find_dag, find_instance, find_run, find_spec, find_task
from etesian.cli.output import OutputFormat, output_option, print_rows
from etesian.cli.session import Session, pass_session
from etesian.protocol.commands import MarkTasks, TaskSelection
from etesian.store.queries.page import Paging
from etesian.store.selection import list_selected

#: Task instances that are listed before they are marked.
MAX_NAMED = 1000
STATES = ("success", "failed", "skipped")
COLUMNS = ("run_id", "task_id", "map_index", "state")


@click.command()
@click.argument("state", type=click.Choice(STATES))
@click.argument("dag_id")
@click.argument("task_id")
@click.argument("run", required=False)
@click.option("-u", "--upstream", is_flag=True, help="Also all tasks before it.")
@click.option("-d", "--downstream", is_flag=True, help="Also all tasks after it.")
@click.option("--past", is_flag=True, help="Also in earlier runs.")
@click.option("--future", is_flag=True, help="Also in later runs.")
@click.option("-m", "--map-index", "map_indexes", type=int, multiple=True, help="Only this instance.")
@click.option("--note", help="A note to attach.")
@click.option("--dry-run", is_flag=True, help="Only list what would be marked in this run.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@output_option
@pass_session
def mark(
    session: Session,
    /,
    state: str,
    dag_id: str,
    task_id: str,
    run: str | None,
    map_indexes: tuple[int, ...],
    note: str | None,
    dry_run: bool,
    yes: bool,
    output: OutputFormat,
    **conditions: bool,
) -> None:
    """Declare that a task is STATE. A running one is stopped; what had failed below it goes on.

    RUN is a run_id or a logical date; the newest run if left out.
    """
    with session.store.read() as connection:
        find_dag(connection, dag_id)
        spec = find_spec(connection, dag_id)
        find_task(spec, task_id)
        found = find_run(connection, dag_id, run)
        for map_index in map_indexes:
            find_instance(connection, found, task_id, map_index)
        selection = TaskSelection(
            dag_id=dag_id,
            run_ids=(found.run_id,),
            task_ids=(task_id,),
            map_indexes=map_indexes,
            **conditions,
        )
        page = list_selected(connection, spec, selection, Paging(limit=MAX_NAMED))
    rows = [{column: getattr(item, column) for column in COLUMNS} for item in page.items]
    print_rows(rows, output, columns=COLUMNS, nothing="Nothing fits.")
    if dry_run or not rows:
        return
    if not yes:
        confirm(
            f"Mark {'this' if page.total == 1 else 'these'} {count_of(page.total, 'task instance')} {state}?"
        )
    if session.steer(MarkTasks(selection=selection, state=state, note=note)):
        click.echo(f"Marked {state}.", err=True)

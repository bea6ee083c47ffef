"""``etesian why``: what a task waits for, from the scheduler's own rules."""

from __future__ import annotations

import click

from etesian.cli.commands.tasks.look import map_index_option
from etesian.cli.lookup import find_dag, find_instance, find_run
from etesian.cli.output import OutputFormat, output_option, print_rows
from etesian.cli.services.explain import make_explainer
from etesian.cli.session import Session, pass_session


@click.command()
@click.argument("dag_id")
@click.argument("task_id")
@click.argument("run", required=False)
@map_index_option
@output_option
@pass_session
def why(
    session: Session, dag_id: str, task_id: str, run: str | None, map_index: int, output: OutputFormat
) -> None:
    """Say everything that a task waits for, in a run or in the newest one.

    RUN is a run_id or a logical date.
    """
    with session.store.read() as connection:
        find_dag(connection, dag_id)
        instance = find_instance(connection, find_run(connection, dag_id, run), task_id, map_index)
    blockers = make_explainer(session.settings, session.store)(instance.key)
    rows = [{"kind": blocker.kind, "text": blocker.text} for blocker in blockers]
    if output is not OutputFormat.TABLE:
        print_rows(rows, output, columns=("kind", "text"), nothing="")
        return
    click.echo(f"Task {task_id!r} in run {instance.run_id!r} is {instance.state}.")
    for blocker in blockers:
        click.echo(f"  - {blocker.text}")
    if not blockers:
        click.echo(f"  {instance.reason or 'It waits for nothing.'}")

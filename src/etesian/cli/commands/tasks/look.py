"""What tasks a DAG has, and how far they are."""

from __future__ import annotations

import click

from etesian.cli.errors import ExitCode
from etesian.cli.instance_rows import INSTANCE_COLUMNS, instance_row
from etesian.cli.lookup import find_dag, find_instance, find_run, find_spec
from etesian.cli.output import OutputFormat, output_option, print_record, print_rows
from etesian.cli.session import Session, pass_session
from etesian.lifecycle.state import TaskState
from etesian.store.queries.task_instances import load_task_instances_of_run

map_index_option = click.option(
    "--map-index", type=int, default=-1, help="Which instance of a mapped task.", show_default=True
)


@click.command("list")
@click.argument("dag_id")
@output_option
@pass_session
def list_command(session: Session, dag_id: str, output: OutputFormat) -> None:
    """List a DAG's tasks, in the order in which they can run."""
    with session.store.read() as connection:
        spec = find_spec(connection, dag_id)
    rows = [
        {
            "task_id": task.task_id,
            "operator": task.operator,
            "trigger_rule": str(task.trigger_rule),
            "retries": task.retries,
            "pool": task.pool,
            "upstream": task.upstream,
        }
        for task in spec.tasks
    ]
    columns = ("task_id", "operator", "trigger_rule", "retries", "pool", "upstream")
    print_rows(rows, output, columns=columns, nothing=f"DAG {dag_id!r} has no tasks.")


@click.command()
@click.argument("dag_id")
@click.argument("task_id")
@click.argument("run", required=False)
@map_index_option
@output_option
@pass_session
def state(
    session: Session, dag_id: str, task_id: str, run: str | None, map_index: int, output: OutputFormat
) -> None:
    """Print the state of a task in a run, or in the newest run. RUN is a run_id or a logical date.

    The exit code is 1 if the task has failed.
    """
    with session.store.read() as connection:
        find_dag(connection, dag_id)
        instance = find_instance(connection, find_run(connection, dag_id, run), task_id, map_index)
    if output is OutputFormat.TABLE:
        click.echo(instance.state)
    else:
        print_record(instance_row(instance), output)
    if instance.state in (TaskState.FAILED, TaskState.UPSTREAM_FAILED):
        raise click.exceptions.Exit(ExitCode.FAILED)


@click.command("states-for-dag-run")
@click.argument("dag_id")
@click.argument("run", required=False)
@output_option
@pass_session
def states_for_dag_run(session: Session, dag_id: str, run: str | None, output: OutputFormat) -> None:
    """List the states of all tasks in a run, or in the newest run."""
    with session.store.read() as connection:
        find_dag(connection, dag_id)
        found = find_run(connection, dag_id, run)
        rows = [instance_row(item) for item in load_task_instances_of_run(connection, found.key)]
    nothing = f"Run {found.run_id!r} has no task instances yet."
    print_rows(rows, output, columns=INSTANCE_COLUMNS, nothing=nothing)

"""Trying one task in this process: nothing is recorded, the scheduler is not involved."""

from __future__ import annotations

from datetime import datetime

import click

from etesian.cli.commands.tasks.look import map_index_option
from etesian.cli.conf import read_conf
from etesian.cli.errors import ExitCode
from etesian.cli.moments import MOMENT
from etesian.cli.output import OutputFormat, output_option, print_record
from etesian.cli.session import Session, pass_session
from etesian.cli.trial import Trial, open_trial
from etesian.protocol.reports import Deferred, Failed, Outcome, Rescheduled, Skipped, Succeeded

_file_option = click.option("--file", help="The DAG file; the one that is known to the platform if left out.")
_date_argument = click.argument("logical_date", type=MOMENT, required=False)
_conf_option = click.option("-t", "--task-params", "--conf", "conf", help="JSON object: the run's conf.")


@click.command()
@click.argument("dag_id")
@click.argument("task_id")
@_date_argument
@_conf_option
@map_index_option
@_file_option
@pass_session
def test(
    session: Session,
    dag_id: str,
    task_id: str,
    logical_date: datetime | None,
    conf: str | None,
    map_index: int,
    file: str | None,
) -> None:
    """Run one task in this process, without the tasks before it, and say what it came to.

    Its log goes to standard error. Nothing is recorded; XComs, variables and connections are read from the
    platform. The exit code is 1 if the task fails.
    """
    given = read_conf(conf)
    trial = open_trial(session, dag_id, task_id, file=file)
    outcome = trial.run(logical_date, given, map_index)
    click.echo(describe_outcome(outcome))
    if isinstance(outcome, Failed):
        raise click.exceptions.Exit(ExitCode.FAILED)


@click.command()
@click.argument("dag_id")
@click.argument("task_id")
@_date_argument
@_conf_option
@map_index_option
@_file_option
@output_option
@pass_session
def render(
    session: Session,
    /,
    dag_id: str,
    task_id: str,
    logical_date: datetime | None,
    conf: str | None,
    map_index: int,
    file: str | None,
    output: OutputFormat,
) -> None:
    """Show a task's templates filled in for a date. The task is not run."""
    trial: Trial = open_trial(session, dag_id, task_id, file=file)
    fields = trial.render(logical_date, read_conf(conf), map_index)
    if not fields and output is OutputFormat.TABLE:
        click.echo(f"Task {task_id!r} has no templates that are set.")
        return
    print_record(fields, output)


def describe_outcome(outcome: Outcome) -> str:
    """Return in words what an attempt came to.

    >>> describe_outcome(Skipped(reason="not today"))
    'Skipped: not today'
    """
    match outcome:
        case Succeeded(xcoms=xcoms):
            lines = [f"  {item.key} = {item.value.decode()}" for item in xcoms]
            return "\n".join(["Success.", *lines])
        case Skipped(reason=reason):
            return f"Skipped: {reason or 'no reason given'}"
        case Failed(reason=reason):
            return f"Failed: {reason}"
        case Rescheduled(at=at):
            return f"Not yet: it would look again at {at:%Y-%m-%d %H:%M:%S} UTC."
        case Deferred(trigger_class=trigger_class):
            return f"Deferred: it would wait for {trigger_class}."

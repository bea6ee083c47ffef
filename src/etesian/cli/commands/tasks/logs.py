"""Reading what a task wrote."""

from __future__ import annotations

import select
import sys
from collections.abc import Iterator
from contextlib import closing

import click

from etesian.cli.commands.tasks.look import map_index_option
from etesian.cli.errors import NotFoundError
from etesian.cli.lookup import find_dag, find_instance, find_run
from etesian.cli.output import OutputFormat, output_option, print_rows
from etesian.cli.session import Session, pass_session
from etesian.lifecycle.records import TaskInstanceRecord
from etesian.lifecycle.state import OCCUPYING_STATES
from etesian.store.queries.task_instances import load_task_instance
from etesian.telemetry.task_logs import LogLine, log_path, read_log

COLUMNS = ("time", "level", "source", "message", "error_detail")

#: How often a log that grows is looked at; nobody rings when a line is written.
_FOLLOW_SECONDS = 0.3


@click.command()
@click.argument("dag_id")
@click.argument("task_id")
@click.argument("run", required=False)
@click.option("--try", "try_number", type=click.IntRange(1), help="Which try; the newest if left out.")
@map_index_option
@click.option("-f", "--follow", is_flag=True, help="Go on while the task runs.")
@output_option
@pass_session
def logs(
    session: Session,
    dag_id: str,
    task_id: str,
    run: str | None,
    try_number: int | None,
    map_index: int,
    follow: bool,
    output: OutputFormat,
) -> None:
    """Print the log of a task in a run, or in the newest run. RUN is a run_id or a logical date.

    Other formats than the table print all lines together, with --follow when the task has ended.
    """
    with session.store.read() as connection:
        find_dag(connection, dag_id)
        instance = find_instance(connection, find_run(connection, dag_id, run), task_id, map_index)
    wanted = try_number or instance.try_number
    if not 1 <= wanted <= instance.try_number:
        known = [str(number) for number in range(1, instance.try_number + 1)]
        raise NotFoundError(f"log of task {task_id!r} in run {instance.run_id!r} of try", str(wanted), known)
    lines = _read(session, instance, wanted, follow=follow and wanted == instance.try_number)
    if output is not OutputFormat.TABLE:
        print_rows([_row(line) for line in lines], output, columns=COLUMNS, nothing="")
        return
    for line in lines:
        click.echo(_format(line))


def _read(
    session: Session, instance: TaskInstanceRecord, try_number: int, *, follow: bool
) -> Iterator[LogLine]:
    """Yield the lines of a log, as they are written if it is followed."""
    path = log_path(
        session.settings.logging.folder,
        instance.dag_id,
        instance.run_id,
        instance.task_id,
        instance.map_index,
        try_number,
    )
    offset = 0
    while True:
        # Asked before the reading: a line written before the end is then never missed.
        is_growing = follow and _is_running(session, instance)
        page = read_log(path, offset)
        yield from page.lines
        offset = page.next_offset
        sys.stdout.flush()
        if page.at_end and not is_growing:
            return
        if page.at_end:
            _wait_for_change(session)


def _is_running(session: Session, instance: TaskInstanceRecord) -> bool:
    with session.store.read() as connection:
        now = load_task_instance(connection, instance.key)
    return now.state in OCCUPYING_STATES and now.try_number == instance.try_number


def _wait_for_change(session: Session) -> None:
    with closing(session.bus.listen(("changes",))) as bell:
        select.select([bell], [], [], _FOLLOW_SECONDS)


def _row(line: LogLine) -> dict[str, object]:
    return {"time": line.t, "level": line.l, "source": line.s, "message": line.m, "error_detail": line.e}


def _format(line: LogLine) -> str:
    level = "" if line.l == "info" else f"{line.l.upper()} "
    detail = f"\n{line.e.rstrip()}" if line.e else ""
    return f"{line.t[:23]} {level}{line.m}{detail}"

"""Pausing, unpausing and deleting DAGs."""

from __future__ import annotations

import click

from etesian.cli.confirm import confirm
from etesian.cli.lookup import find_dag
from etesian.cli.output import OutputFormat, output_option, print_rows
from etesian.cli.session import Session, pass_session
from etesian.foundation.clock import utc_now
from etesian.protocol.commands import DeleteDag
from etesian.store.queries.dags import set_paused


@click.command()
@click.argument("dag_ids", nargs=-1, required=True)
@output_option
@pass_session
def pause(session: Session, dag_ids: tuple[str, ...], output: OutputFormat) -> None:
    """Schedule no more runs of these DAGs. Runs that are under way stop before their next task."""
    _set_paused(session, dag_ids, output, is_paused=True)


@click.command()
@click.argument("dag_ids", nargs=-1, required=True)
@output_option
@pass_session
def unpause(session: Session, dag_ids: tuple[str, ...], output: OutputFormat) -> None:
    """Let these DAGs run by their schedule."""
    _set_paused(session, dag_ids, output, is_paused=False)


def _set_paused(session: Session, dag_ids: tuple[str, ...], output: OutputFormat, *, is_paused: bool) -> None:
    """Change all of them, or none if one is not known."""
    word = "paused" if is_paused else "unpaused"
    with session.store.write() as connection:
        changed = []
        for dag_id in dag_ids:
            find_dag(connection, dag_id)
            is_new = set_paused(connection, dag_id, is_paused, now=utc_now())
            if is_new:
                session.note(connection, "pause_dag" if is_paused else "unpause_dag", dag_id=dag_id)
            changed.append(is_new)
    session.wake_scheduler()
    if output is not OutputFormat.TABLE:
        rows = [{"dag_id": dag_id, "is_paused": is_paused} for dag_id in dag_ids]
        print_rows(rows, output, columns=("dag_id", "is_paused"), nothing="")
        return
    for dag_id, is_new in zip(dag_ids, changed, strict=True):
        click.echo(f"DAG {dag_id!r} is {word}." if is_new else f"DAG {dag_id!r} was {word} already.")


@click.command()
@click.argument("dag_id")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pass_session
def delete(session: Session, dag_id: str, yes: bool) -> None:
    """Forget a DAG with all its runs. It comes back, paused, if its file still defines it."""
    with session.store.read() as connection:
        find_dag(connection, dag_id)
    if not yes:
        confirm(f"This deletes DAG {dag_id!r} and all its history. Go on?")
    if session.steer(DeleteDag(dag_id=dag_id)):
        click.echo(f"DAG {dag_id!r} deleted.")

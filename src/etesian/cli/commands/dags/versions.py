"""The versions of a DAG, and how they differ."""

from __future__ import annotations

import click

from etesian.cli.errors import NotFoundError
from etesian.cli.lookup import find_dag
from etesian.cli.output import OutputFormat, output_option, print_rows
from etesian.cli.session import Session, pass_session
from etesian.spec.dag import DagSpec
from etesian.spec.diff import diff_specs
from etesian.store.queries.versions import list_versions, load_numbered_spec


@click.command()
@click.argument("dag_id")
@output_option
@pass_session
def versions(session: Session, dag_id: str, output: OutputFormat) -> None:
    """List the versions of a DAG, the newest first. A run keeps the version that it began with."""
    with session.store.read() as connection:
        dag = find_dag(connection, dag_id)
        found = list_versions(connection, dag_id)
    rows = [
        {
            "version": version.number,
            "in_force": version.number == dag.version_number,
            "created_at": version.created_at,
            "bundle": version.bundle,
            "bundle_version": version.bundle_version,
            "hash": version.version_hash,
        }
        for version in found
    ]
    columns = ("version", "in_force", "created_at", "bundle", "bundle_version", "hash")
    print_rows(rows, output, columns=columns, nothing=f"DAG {dag_id!r} has no versions.")


@click.command()
@click.argument("dag_id")
@click.option("--from", "old", type=click.IntRange(min=1), metavar="N", help="Default: the one before.")
@click.option("--to", "new", type=click.IntRange(min=1), metavar="N", help="Default: the one in force.")
@output_option
@pass_session
def diff(session: Session, dag_id: str, old: int | None, new: int | None, output: OutputFormat) -> None:
    """Show what changed from one version of a DAG to another."""
    with session.store.read() as connection:
        in_force = find_dag(connection, dag_id).version_number
        numbers = [version.number for version in list_versions(connection, dag_id)]
        after = in_force if new is None else new
        before = max((number for number in numbers if number < after), default=after) if old is None else old
        specs: list[DagSpec] = []
        for number in (before, after):
            if number not in numbers:
                raise NotFoundError(f"version of DAG {dag_id!r} numbered", str(number), map(str, numbers))
            specs.append(load_numbered_spec(connection, dag_id, number).spec)
    rows = [change._asdict() for change in diff_specs(*specs)]
    nothing = f"Versions {before} and {after} of DAG {dag_id!r} define the same."
    print_rows(rows, output, columns=("path", "old", "new"), nothing=nothing)

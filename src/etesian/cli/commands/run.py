"""``etesian run FILE``: one DAG file to its end, with no server."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from etesian.cli.local_run.options import conf_option
from etesian.cli.moments import MomentType
from etesian.cli.output import OutputFormat, output_option
from etesian.cli.session import Session, pass_session


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dag", "dag_id", help="Which DAG of the file; needed when it defines several.")
@click.option("--logical-date", type=MomentType(), help="The run's logical date; now unless given.")
@conf_option
@output_option
@pass_session
def run(
    session: Session,
    file: Path,
    dag_id: str | None,
    logical_date: datetime | None,
    conf: dict[str, object],
    output: OutputFormat,
) -> None:
    """Run one DAG file to its end, without a server, and show how it goes.

    Every task runs in a process of its own, as it would in production. Variables, connections and pools
    of your own installation are used; nothing is stored in it. Exit code 1 if the run fails.
    """
    from etesian.cli.local_run.run import LocalRun, run_locally

    wanted = LocalRun(file=file, dag_id=dag_id, conf=conf, logical_date=logical_date)
    if not run_locally(session.settings, wanted, output):
        raise click.exceptions.Exit(1)

"""``etesian dags test``: one run of a DAG of the DAG folder, without a server."""

from __future__ import annotations

from datetime import datetime

import click

from etesian.cli.local_run.options import conf_option
from etesian.cli.moments import MomentType
from etesian.cli.output import OutputFormat, output_option
from etesian.cli.session import Session, pass_session


@click.command()
@click.argument("dag_id")
@click.argument("logical_date", type=MomentType(), required=False)
@conf_option
@output_option
@pass_session
def test(
    session: Session,
    dag_id: str,
    logical_date: datetime | None,
    conf: dict[str, object],
    output: OutputFormat,
) -> None:
    """Run a DAG of the DAG folder once, to its end, without a server; the same as `etesian run` on its file.

    Nothing is stored in your installation. Exit code 1 if the run fails.
    """
    from etesian.cli.local_run.find import find_dag_file
    from etesian.cli.local_run.run import LocalRun, run_locally

    file = find_dag_file(session.settings, dag_id)
    wanted = LocalRun(file=file, dag_id=dag_id, conf=conf, logical_date=logical_date)
    if not run_locally(session.settings, wanted, output):
        raise click.exceptions.Exit(1)

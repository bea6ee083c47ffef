"""The long-running processes. Each runs in the foreground until Ctrl-C or SIGTERM."""

from __future__ import annotations

import click

from etesian.cli.session import Session, pass_session
from etesian.config.airflow import is_from_airflow


@click.command()
@pass_session
def standalone(session: Session) -> None:
    """Run everything on this machine: scheduler, worker, parser, triggerer, API and status page.

    Uses the folder $ETESIAN_HOME (default ~/etesian). Prints the address of the page when it is ready, and
    stops all in order on Ctrl-C. A second one on the same folder says so and stops.
    """
    from etesian.cli.services.standalone import run_standalone

    taken = [name for name, source in session.loaded.sources.items() if is_from_airflow(source)]
    if taken:
        click.echo(
            f"Taken from Airflow: {', '.join(taken)}; `etesian config list --changed` says from where.",
            err=True,
        )
    run_standalone(session.settings)


@click.command()
@pass_session
def scheduler(session: Session) -> None:
    """Decide what runs. Several may be started: one leads, the others stand by."""
    from etesian.cli.services.scheduler import run

    run(session.settings)


@click.command()
@pass_session
def worker(session: Session) -> None:
    """Run tasks on this host."""
    from etesian.cli.services.worker import run

    run(session.settings)


@click.command("api-server")
@pass_session
def api_server(session: Session) -> None:
    """Serve the REST API and the status page."""
    from etesian.cli.services.api import run

    run(session.settings)


@click.command()
@pass_session
def parser(session: Session) -> None:
    """Watch the DAG files and parse what changes."""
    from etesian.cli.services.parser import run

    run(session.settings)


@click.command()
@pass_session
def triggerer(session: Session) -> None:
    """Wait on behalf of deferred tasks."""
    from etesian.cli.services.triggerer import run

    run(session.settings)

"""``etesian db``: the metadata database."""

from __future__ import annotations

import click

from etesian.cli.confirm import confirm
from etesian.cli.lazy_group import Entry, LazyGroup
from etesian.cli.output import OutputFormat, output_option, print_value
from etesian.cli.session import Session, pass_session
from etesian.store.schema import check_schema, reset
from etesian.store.schema import migrate as migrate_store

group = LazyGroup(
    "db",
    {
        "Commands": {
            "migrate": Entry(f"{__name__}:migrate", "Make the tables, or bring them to this release."),
            "check": Entry(f"{__name__}:check", "Say whether the database can be used."),
            "reset": Entry(f"{__name__}:reset_command", "Delete everything and make the tables anew."),
            "clean": Entry(f"{__name__}_clean:clean", "Delete old history."),
        }
    },
    help="The metadata database.",
)


@click.command()
@pass_session
def migrate(session: Session) -> None:
    """Make the tables, or bring them to this release. Can be repeated and interrupted without harm."""
    url = session.settings.database.url
    changed = migrate_store(session.open_store())
    click.echo(f"{url}: the tables were brought to this release." if changed else f"{url}: nothing to do.")


@click.command()
@output_option
@pass_session
def check(session: Session, output: OutputFormat) -> None:
    """Say whether the database can be reached and has the tables of this release; exit code 1 if not."""
    check_schema(session.open_store())
    url = str(session.settings.database.url)
    print_value(f"{url}: fine.", {"database": url, "status": "fine"}, output)


@click.command("reset")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pass_session
def reset_command(session: Session, yes: bool) -> None:
    """Delete all DAGs, runs, variables, connections and pools from the database."""
    url = session.settings.database.url
    if not yes:
        confirm(f"This deletes everything in {url}. Go on?")
    reset(session.open_store())
    click.echo(f"{url}: reset.")

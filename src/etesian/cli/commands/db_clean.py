"""``etesian db clean``: deleting old history."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from etesian.cli.confirm import confirm
from etesian.cli.errors import UsageError
from etesian.cli.moments import MOMENT
from etesian.cli.output import OutputFormat, output_option, print_rows
from etesian.cli.progress import show_progress
from etesian.cli.session import Session, pass_session
from etesian.foundation.clock import utc_now
from etesian.store.queries.retention import clean as clean_store


@click.command()
@click.option(
    "--before", "--clean-before-timestamp", type=MOMENT, help="Delete what ended before this moment."
)
@click.option("--dry-run", is_flag=True, help="Only count what would be deleted.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@output_option
@pass_session
def clean(session: Session, before: datetime | None, dry_run: bool, yes: bool, output: OutputFormat) -> None:
    """Delete runs and other history that ended before a moment.

    Without --before, the setting retention.run_days says how old history may become. Open runs, DAGs,
    variables, connections and pools stay.
    """
    before = before or _limit_of_settings(session)
    if not (yes or dry_run):
        confirm(f"This deletes all history that ended before {before:%Y-%m-%d %H:%M} UTC. Go on?")
    tables = list(show_progress(clean_store(session.store, before, dry_run=dry_run), "cleaning"))
    rows = [{"table": table.name, "rows": table.rows} for table in tables]
    print_rows(rows, output, columns=("table", "rows"), nothing="Nothing is that old.")
    click.echo("Nothing was deleted: this was a dry run." if dry_run else "Done.", err=True)


def _limit_of_settings(session: Session) -> datetime:
    days = session.settings.retention.run_days
    if days is None:
        raise UsageError("history is kept for ever (retention.run_days is off); say --before MOMENT")
    return utc_now() - timedelta(days=days)

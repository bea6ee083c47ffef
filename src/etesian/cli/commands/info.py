"""``etesian version`` and ``etesian info``."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version as version_of

import click

from etesian.cli.output import OutputFormat, output_option, print_record, print_value
from etesian.cli.session import Session, pass_session

#: What a bug report should name.
_LIBRARIES = ("sqlalchemy", "msgspec", "fastapi", "uvicorn", "pendulum", "jinja2", "psycopg")


@click.command()
@output_option
def version(output: OutputFormat) -> None:
    """Print the version."""
    own = version_of("etesian")
    print_value(own, {"version": own}, output)


@click.command()
@output_option
@pass_session
def info(session: Session, output: OutputFormat) -> None:
    """Describe this installation, for a bug report. Shows no secrets."""
    settings = session.settings
    record: dict[str, object] = {
        "version": version_of("etesian"),
        "python": platform.python_version(),
        "python_executable": sys.executable,
        "platform": platform.platform(),
        "home": str(settings.home),
        "dags_folder": str(settings.core.dags_folder),
        "executor": settings.core.executor,
        "database": str(settings.database.url),
        "logs": str(settings.logging.folder),
        "changed_settings": sorted(session.loaded.sources),
        "libraries": [f"{name} {version_of(name)}" for name in _LIBRARIES],
    }
    print_record(record, output)

"""``etesian compat``: making ``import airflow`` give ours in a whole environment."""

from __future__ import annotations

import click

from etesian.cli.errors import ConflictError
from etesian.cli.output import OutputFormat, output_option, print_value
from etesian.compat.environment import disable as disable_environment
from etesian.compat.environment import enable as enable_environment
from etesian.compat.environment import find_real_airflow, is_enabled, remove_command, write_command


@click.group("compat")
def group() -> None:
    """Let every Python process of this environment import Etesian's airflow.

    Etesian's own services always do. This is for notebooks, tests and tools.
    """


@group.command()
@click.option("--force", is_flag=True, help="Also where the real apache-airflow is installed.")
@click.option(
    "--command", "with_command", is_flag=True, help="Also make an `airflow` command that maps to ours."
)
def enable(force: bool, with_command: bool) -> None:
    """Switch it on."""
    real = find_real_airflow()
    if real is not None and not force:
        raise ConflictError(
            f"{real} is installed in this environment; uninstall it, or hide it with `etesian compat enable --force`"
        )
    command = write_command() if with_command else None
    click.echo(f"`import airflow` now gives Etesian's in this environment, by {enable_environment()}.")
    if command is not None:
        click.echo(f"`airflow` now does what `etesian` does, by {command}.")


@group.command()
def disable() -> None:
    """Switch it off."""
    click.echo("It is off." if disable_environment() else "It was not on.")
    if remove_command():
        click.echo("The `airflow` command is removed.")


@group.command()
@output_option
def status(output: OutputFormat) -> None:
    """Say whether it is on, and whether the real apache-airflow is here too."""
    real = find_real_airflow()
    sentence = f"etesian compat is {'on' if is_enabled() else 'off'} in this environment."
    print_value(sentence, {"is_enabled": is_enabled(), "real_airflow": real}, output)
    if real is not None:
        click.echo(f"{real} is installed too; where compat is on, Etesian's airflow hides it.", err=True)

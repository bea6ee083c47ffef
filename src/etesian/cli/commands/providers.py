"""``etesian providers``: Airflow's provider packages in this environment."""

from __future__ import annotations

from typing import Final

import click

from etesian.cli.errors import CommandError, ExitCode
from etesian.cli.output import OutputFormat, output_option, print_record, print_rows
from etesian.compat import install as install_hook
from etesian.compat.providers.installing import install_providers
from etesian.compat.providers.providers_manager import ProviderInfo, ProvidersManager

#: Keys of an entry, the most telling one first.
_TELLING: Final = (
    "connection-type", "python-module", "classpath", "schemes", "dialect-type", "integration-name", "name",
)  # fmt: skip


class ProviderNotFoundError(CommandError):
    """No provider of that name is installed."""

    exit_code = ExitCode.NOT_FOUND


@click.group("providers")
def group() -> None:
    """Install and list Airflow's provider packages. They run unmodified, without apache-airflow."""
    install_hook()  # to be asked what they offer, they import airflow


@group.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--upgrade", is_flag=True, help="Take the newest versions.")
def install(names: tuple[str, ...], upgrade: bool) -> None:
    """Install providers such as `postgres` or `apache.hive==9.7.1`, and never apache-airflow with them."""
    command = install_providers(names, upgrade=upgrade)
    click.echo(f"Installed {', '.join(names)}, with: {' '.join(command)}", err=True)


@group.command("list")
@output_option
def list_(output: OutputFormat) -> None:
    """List the installed providers."""
    rows = [
        {
            "provider": _short(package),
            "package": package,
            "version": info.version,
            "name": info.data.get("name"),
        }
        for package, info in ProvidersManager().providers.items()
    ]
    columns = ("provider", "version", "name", "package")
    print_rows(
        rows,
        output,
        columns=columns,
        nothing="No provider is installed; see `etesian providers install --help`.",
    )


@group.command()
@click.argument("name")
@output_option
def get(name: str, output: OutputFormat) -> None:
    """Show what a provider offers."""
    info = _find(name)
    print_record({"version": info.version, **{key: _text(value) for key, value in info.data.items()}}, output)


@group.command()
@output_option
def hooks(output: OutputFormat) -> None:
    """List the connection types of installed providers and their hooks."""
    rows = [
        {
            "type": kind,
            "hook": hook.hook_name if hook else "(cannot be imported)",
            "package": hook.package_name if hook else "",
        }
        for kind, hook in sorted(ProvidersManager().hooks.items())
    ]
    print_rows(
        rows,
        output,
        columns=("type", "hook", "package"),
        nothing="No connection types: no provider is installed that has one.",
    )


def _find(name: str) -> ProviderInfo:
    for package, info in ProvidersManager().providers.items():
        if name in (package, _short(package)):
            return info
    raise ProviderNotFoundError(
        f"no provider {name!r} is installed; `etesian providers install {name}` does that"
    )


def _short(package: str) -> str:
    """Return the name of a provider as its modules have it, as far as the distribution's name tells."""
    return package.removeprefix("apache-airflow-providers-").replace("-", ".")


def _text(value: object) -> object:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict):
        return ", ".join(map(str, value))
    return ", ".join(map(_part, value)) if isinstance(value, list) else value


def _part(item: object) -> str:
    """Return what one entry of a list is about: modules to import, a connection type, or its name."""
    if not isinstance(item, dict):
        return str(item)
    if modules := item.get("python-modules"):
        return ", ".join(modules)
    return str(next((_text(item[key]) for key in _TELLING if key in item), item))

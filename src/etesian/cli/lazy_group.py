"""A group of commands that imports a command's module only when that command is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NamedTuple

import click

from etesian.cli.errors import suggest


class Entry(NamedTuple):
    """Where a command is, and what its line in the help says."""

    target: str  #: ``module:attribute``
    help: str
    is_hidden: bool = False  #: an alias


class LazyGroup(click.Group):
    """Knows its commands by name and help line; their code is imported late, so that ``--help`` is instant.

    ``sections`` maps a heading to the commands under it, in the order of the help.
    """

    def __init__(self, name: str, sections: Mapping[str, Mapping[str, Entry]], *, help: str) -> None:
        settings = {"help_option_names": ["-h", "--help"]}
        super().__init__(name, help=help, no_args_is_help=True, context_settings=settings)
        self._sections = sections
        self._entries = {name: entry for entries in sections.values() for name, entry in entries.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, as the help lists them."""
        return [name for name, entry in self._entries.items() if not entry.is_hidden]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        entry = self._entries.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that ``args`` names; for a wrong name offer the close ones."""
        name = args[0]
        if name not in self._entries and not name.startswith("-"):
            raise click.UsageError(
                f"there is no command {name!r}{suggest(name, self.list_commands(ctx))}", ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their help lines, without importing any."""
        width = max(len(name) for name in self._entries) + 2
        for heading, entries in self._sections.items():
            rows: Sequence[tuple[str, str]] = [
                (name.ljust(width), entry.help) for name, entry in entries.items() if not entry.is_hidden
            ]
            with formatter.section(heading):
                formatter.write_dl(rows)

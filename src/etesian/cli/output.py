"""How commands print what they found: a table for people, or JSON, YAML or tab-separated text for scripts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

import click
import msgspec


class OutputFormat(StrEnum):
    """What ``-o`` takes."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    PLAIN = "plain"


Row = Mapping[str, object]
_Command = TypeVar("_Command", bound=Callable[..., Any])  # Any: a command takes what its options say

#: Colours of states in tables.
_STATE_STYLES: Final[Mapping[str, str]] = {
    "success": "green",
    "running": "bright_green",
    "failed": "red",
    "upstream_failed": "dark_orange",
    "skipped": "magenta",
    "up_for_retry": "yellow",
    "up_for_reschedule": "cyan",
    "queued": "bright_black",
    "scheduled": "tan",
    "deferred": "medium_purple1",
}


def output_option(command: _Command) -> _Command:
    """Give a command ``-o/--output`` as its argument ``output``."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice([item.value for item in OutputFormat]),
        default=OutputFormat.TABLE.value,
        show_default=True,
        help="How to print.",
        callback=lambda _context, _parameter, value: OutputFormat(value),
    )(command)


def print_rows(rows: Sequence[Row], output: OutputFormat, *, columns: Sequence[str], nothing: str) -> None:
    """Print rows with these columns; in a table, ``nothing`` is said when there are none."""
    picked = [{column: row.get(column) for column in columns} for row in rows]
    match output:
        case OutputFormat.PLAIN:
            click.echo("\t".join(columns))
            for row in picked:
                click.echo("\t".join(_one_line(_text(value)) for value in row.values()))
        case OutputFormat.TABLE if not rows:
            click.echo(nothing)
        case OutputFormat.TABLE:
            _print_table(picked, columns)
        case _:
            _print_data(picked, output)


def print_record(record: Row, output: OutputFormat) -> None:
    """Print one thing: its fields below each other."""
    match output:
        case OutputFormat.PLAIN:
            for name, value in record.items():
                click.echo(f"{name}\t{_one_line(_text(value))}")
        case OutputFormat.TABLE:
            _print_fields(record)
        case _:
            _print_data(record, output)


def print_value(value: object, record: Row, output: OutputFormat) -> None:
    """Print one value alone, for people and shell scripts; in the other formats the record that it is part of."""
    if output is OutputFormat.TABLE:
        click.echo(_text(value))
    else:
        print_record(record, output)


def to_plain_data(value: object) -> Any:  # Any: JSON-like data
    """Return ``value`` as dicts, lists, texts, numbers, flags and None; moments become ISO texts."""
    return msgspec.to_builtins(value, str_keys=True, enc_hook=str)


def _print_data(value: object, output: OutputFormat) -> None:
    data = to_plain_data(value)
    if output is OutputFormat.JSON:
        click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2))
    else:
        from etesian.cli.yaml_emitter import to_yaml  # late: only for -o yaml

        click.echo(to_yaml(data), nl=False)


def _print_table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(
            *(Text(_text(value), style=_STATE_STYLES.get(_text(value), "")) for value in row.values())
        )
    make_console().print(table)


def _print_fields(record: Row) -> None:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in record.items():
        text = _text(value)
        grid.add_row(name, Text(text, style=_STATE_STYLES.get(text, "")))
    make_console().print(grid)


def make_console() -> Any:  # Any: rich is imported late, its types are not known here
    """Return a rich console on standard output; one that goes to a file or a pipe does not wrap."""
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=1000, no_color=True, soft_wrap=True)


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool(flag):
            return "yes" if flag else "no"
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds").replace("+00:00", " UTC")
        case str():
            return value
        case list() | tuple():
            return ", ".join(_text(item) for item in value)
        case dict():
            return msgspec.json.encode(to_plain_data(value)).decode()
        case _:
            return str(value)


def _one_line(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")

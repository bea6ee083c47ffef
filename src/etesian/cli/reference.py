"""The page of all commands, made from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import click

from etesian.cli.errors import ExitCode
from etesian.cli.main import root

_HEAD: Final = """\
# The command line

`etesian COMMAND --help` says the same. Commands that print facts take `-o table` (for people, the default),
`-o json`, `-o yaml` and `-o plain` (one line each, tabs between the fields). Moments are written as ISO 8601;
without a zone they are UTC. A mistake is answered by one sentence on standard error; `etesian --debug ...` or
`ETESIAN_DEBUG=1` adds the traceback.

## Exit codes

| code | meaning |
|---|---|
"""

_MEANINGS: Final = {
    ExitCode.OK: "done",
    ExitCode.FAILED: "it did not work, or what was asked about has failed (a run, a task, a DAG file)",
    ExitCode.USAGE: "the command line or a setting is wrong",
    ExitCode.NOT_FOUND: "it names something that does not exist",
    ExitCode.CONFLICT: "it is there already, or its state does not allow the change",
    ExitCode.INTERNAL: "a fault of Etesian",
    ExitCode.INTERRUPTED: "Ctrl-C",
}


def render() -> str:
    """Return the page as Markdown."""
    codes = "".join(f"| {code.value} | {_MEANINGS[code]} |\n" for code in ExitCode)
    context = click.Context(root, info_name="etesian", **root.context_settings)
    return "\n".join([_HEAD + codes, *_describe_group(root, context)])


def _describe_group(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None  # the group has just named it
        below = click.Context(command, parent=context, info_name=name)
        if isinstance(command, click.Group):
            yield f"## etesian {name}\n\n{_paragraphs(command.help or '')}\n"
            yield from _describe_group(command, below)
        else:
            level = "##" if context.parent is None else "###"
            yield f"{level} {below.command_path}\n"
            yield from _describe_command(command, below)


def _describe_command(command: click.Command, context: click.Context) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"{_paragraphs(command.help or '')}\n"
    yield f"    {context.command_path} {usage}\n"
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    rows = [record for option in options if (record := option.get_help_record(context)) is not None]
    if rows:
        yield "| option | meaning |\n|---|---|"
        yield from (f"| `{option}` | {meaning} |" for option, meaning in map(_escaped, rows))
        yield ""


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _escaped(row: tuple[str, str]) -> tuple[str, str]:
    return row[0].replace("|", "\\|"), row[1].replace("|", "\\|")

"""``etesian config``: the settings in force."""

from __future__ import annotations

from collections.abc import Iterator

import click

from etesian.cli.errors import NotFoundError
from etesian.cli.lazy_group import Entry, LazyGroup
from etesian.cli.output import OutputFormat, output_option, print_rows, print_value
from etesian.cli.session import Session, pass_session
from etesian.config.option import OptionInfo
from etesian.config.settings import SECTIONS, options_of

group = LazyGroup(
    "config",
    {
        "Commands": {
            "list": Entry(f"{__name__}:list_settings", "All settings, their values and sources."),
            "get-value": Entry(f"{__name__}:get_value", "One setting's value."),
        }
    },
    help="The settings in force and where they come from.",
)


@click.command("list")
@click.option("--section", help="Only this section.")
@click.option("--changed", is_flag=True, help="Only settings that are not at their default.")
@output_option
@pass_session
def list_settings(session: Session, section: str | None, changed: bool, output: OutputFormat) -> None:
    """List all settings with their values and where each value comes from. Secrets are masked."""
    rows = [
        {
            "setting": option.name,
            "value": _shown(session, option),
            "source": session.loaded.sources.get(option.name, "default"),
            "meaning": option.meaning,
        }
        for option in _options(section)
        if not changed or option.name in session.loaded.sources
    ]
    columns = ("setting", "value", "source", "meaning")
    print_rows(rows, output, columns=columns, nothing="Every setting is at its default.")


@click.command("get-value")
@click.argument("section")
@click.argument("key")
@output_option
@pass_session
def get_value(session: Session, section: str, key: str, output: OutputFormat) -> None:
    """Print the value of one setting, such as `etesian config get-value core parallelism`."""
    by_key = {option.key: option for option in _options(section)}
    if key not in by_key:
        raise NotFoundError(f"setting in section {section!r} of name", key, by_key)
    option = by_key[key]
    shown = _shown(session, option)
    source = session.loaded.sources.get(option.name, "default")
    record = {"setting": option.name, "value": shown, "source": source}
    print_value(str(shown).lower() if isinstance(shown, bool) else shown, record, output)


def _options(section: str | None) -> Iterator[OptionInfo]:
    if section is not None and section not in SECTIONS:
        raise NotFoundError("section of settings", section, SECTIONS)
    for name in SECTIONS:
        if section in (None, name):
            yield from options_of(name)


def _shown(session: Session, option: OptionInfo) -> object:
    value = getattr(getattr(session.settings, option.section), option.key)
    match value:
        case tuple():
            return ",".join(map(str, value))
        case None | bool() | int() | float():
            return value
        case _:
            return str(value)

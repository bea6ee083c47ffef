"""``etesian variables``: settings of DAGs, kept encrypted."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from etesian.cli.errors import ConflictError, NotFoundError, UsageError, count_of
from etesian.cli.files import read_json, write_json
from etesian.cli.lazy_group import Entry, LazyGroup
from etesian.cli.output import OutputFormat, output_option, print_rows, print_value
from etesian.cli.session import Session, pass_session
from etesian.foundation.clock import utc_now
from etesian.foundation.json_errors import JSON_ERRORS, explain_json_error
from etesian.store.queries.page import Paging
from etesian.store.queries.variables import (
    delete_variable,
    list_variables,
    load_variable,
    save_variable,
)

group = LazyGroup(
    "variables",
    {
        "Commands": {
            "list": Entry(f"{__name__}:list_command", "All keys."),
            "get": Entry(f"{__name__}:get", "One value."),
            "set": Entry(f"{__name__}:set_command", "Make or change a variable."),
            "delete": Entry(f"{__name__}:delete", "Delete a variable."),
            "import": Entry(f"{__name__}:import_command", "Make or change variables from a JSON file."),
            "export": Entry(f"{__name__}:export", "Write all variables to a JSON file."),
        }
    },
    help="Settings of DAGs.",
)

#: More variables than this are not a list to read, nor a file to move.
_ALL = Paging(limit=100_000)


@click.command("list")
@click.option("--search", help="Only those with this text in their key.")
@output_option
@pass_session
def list_command(session: Session, search: str | None, output: OutputFormat) -> None:
    """List all variables, without their values."""
    with session.store.read() as connection:
        page = list_variables(connection, _ALL, secrets=session.store.secrets, key_pattern=search)
    rows = [{"key": item.key, "description": item.description} for item in page.items]
    print_rows(
        rows,
        output,
        columns=("key", "description"),
        nothing="There are no such variables." if search else "There are no variables.",
    )


@click.command()
@click.argument("key")
@click.option("-d", "--default", help="Printed when there is no such variable.")
@click.option("-j", "--json", "as_json", is_flag=True, help="The value is JSON: print it in a readable form.")
@output_option
@pass_session
def get(session: Session, key: str, default: str | None, as_json: bool, output: OutputFormat) -> None:
    """Print the value of one variable, as it is: a secret too."""
    with session.store.read() as connection:
        found = load_variable(connection, key, secrets=session.store.secrets)
        if found is None and default is None:
            page = list_variables(connection, _ALL, secrets=session.store.secrets)
            raise NotFoundError("variable", key, [item.key for item in page.items])
    value = default if found is None else found.value
    if as_json:
        value = _formatted(key, value or "")
    record = {"key": key, "value": value, "description": found.description if found else None}
    print_value(value, record, output)


@click.command("set")
@click.argument("key")
@click.argument("value")
@click.option("--description", help="What it is for.")
@click.option("-j", "--json", "as_json", is_flag=True, help="Refuse a value that is not JSON.")
@pass_session
def set_command(session: Session, key: str, value: str, description: str | None, as_json: bool) -> None:
    """Make or change a variable."""
    if as_json:
        _formatted(key, value)
    with session.store.write() as connection:
        save_variable(
            connection, key, value, description=description, secrets=session.store.secrets, now=utc_now()
        )
        session.note(connection, "set_variable", key=key)
    click.echo(f"Variable {key!r} set.")


@click.command()
@click.argument("key")
@pass_session
def delete(session: Session, key: str) -> None:
    """Delete a variable."""
    with session.store.write() as connection:
        if not delete_variable(connection, key):
            page = list_variables(connection, _ALL, secrets=session.store.secrets)
            raise NotFoundError("variable", key, [item.key for item in page.items])
        session.note(connection, "delete_variable", key=key)
    click.echo(f"Variable {key!r} deleted.")


@click.command("import")
@click.argument("file")
@click.option(
    "-a",
    "--action-on-existing-key",
    type=click.Choice(["overwrite", "fail", "skip"]),
    default="overwrite",
    show_default=True,
    help="What to do with a key that exists.",
)
@pass_session
def import_command(session: Session, file: str, action_on_existing_key: str) -> None:
    """Make or change variables from a JSON file, in one step: an object of keys and values.

    A value that is not text is kept as JSON. A value {"value": ..., "description": ...} gives both.
    """
    entries = {key: _entry(given) for key, given in read_json(file, dict[str, Any]).items()}
    secrets, count = session.store.secrets, 0
    with session.store.write() as connection:
        for key, (value, description) in entries.items():
            exists = load_variable(connection, key, secrets=secrets) is not None
            if exists and action_on_existing_key == "fail":
                raise ConflictError(f"variable {key!r} exists already; nothing was imported")
            if exists and action_on_existing_key == "skip":
                continue
            save_variable(connection, key, value, description=description, secrets=secrets, now=utc_now())
            session.note(connection, "set_variable", key=key)
            count += 1
    click.echo(f"{count_of(count, 'variable')} imported.")


@click.command()
@click.argument("file", default="-")
@pass_session
def export(session: Session, file: str) -> None:
    """Write all variables as JSON to FILE, or to standard output. The values are not encrypted there."""
    with session.store.read() as connection:
        page = list_variables(connection, _ALL, secrets=session.store.secrets)
    entries = {
        item.key: {"value": item.value, "description": item.description} if item.description else item.value
        for item in page.items
    }
    write_json(file, entries)


def _entry(given: Any) -> tuple[str, str | None]:  # Any: JSON
    """Return value and description of one entry of a file."""
    if isinstance(given, dict) and set(given) == {"value", "description"}:
        return _as_text(given["value"]), given["description"]
    return _as_text(given), None


def _as_text(value: Any) -> str:  # Any: JSON
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _formatted(key: str, text: str) -> str:
    try:
        return msgspec.json.format(text, indent=2)
    except JSON_ERRORS as error:
        raise UsageError(f"the value of variable {key!r} is not JSON: {explain_json_error(error)}") from error

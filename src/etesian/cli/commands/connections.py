"""``etesian connections``: addresses and credentials of other systems, kept encrypted."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from etesian.cli.errors import ConflictError, NotFoundError, UsageError, count_of
from etesian.cli.files import read_json, write_json, write_text
from etesian.cli.lazy_group import Entry, LazyGroup
from etesian.cli.output import OutputFormat, output_option, print_record, print_rows
from etesian.cli.session import Session, pass_session
from etesian.config.secret import MASK
from etesian.foundation.clock import utc_now
from etesian.foundation.json_errors import JSON_ERRORS, explain_json_error
from etesian.sdk.connections.connection_uri import (
    InvalidConnectionError,
    build_connection_uri,
    parse_connection_uri,
)
from etesian.store.queries.connections import (
    MAX_PORT,
    ConnectionRecord,
    delete_connection,
    list_connections,
    load_connection,
    save_connection,
)
from etesian.store.queries.page import Paging

group = LazyGroup(
    "connections",
    {
        "Commands": {
            "list": Entry(f"{__name__}:list_command", "All connections."),
            "get": Entry(f"{__name__}:get", "One connection."),
            "add": Entry(f"{__name__}:add", "Make a connection."),
            "delete": Entry(f"{__name__}:delete", "Delete a connection."),
            "import": Entry(f"{__name__}:import_command", "Make or change connections from a JSON file."),
            "export": Entry(f"{__name__}:export", "Write all connections to a JSON file."),
        }
    },
    help="Addresses and credentials of other systems.",
)

_ALL = Paging(limit=100_000)
COLUMNS = ("conn_id", "conn_type", "host", "port", "schema", "login", "description")


class ConnectionEntry(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One connection in a file."""

    conn_type: str
    description: str | None = None
    login: str | None = None
    password: str | None = None
    host: str | None = None
    port: int | None = None
    schema: str | None = None
    extra: str | dict[str, Any] | None = None


@click.command("list")
@click.option("--search", help="Only those with this text in their id.")
@output_option
@pass_session
def list_command(session: Session, search: str | None, output: OutputFormat) -> None:
    """List all connections, without their secrets."""
    with session.store.read() as connection:
        page = list_connections(connection, _ALL, secrets=session.store.secrets, conn_id_pattern=search)
    rows = [{column: getattr(item, column) for column in COLUMNS} for item in page.items]
    print_rows(
        rows,
        output,
        columns=COLUMNS,
        nothing="There are no such connections." if search else "There are no connections.",
    )


@click.command()
@click.argument("conn_id")
@click.option("--show-secrets", is_flag=True, help="Print password and extra as they are.")
@output_option
@pass_session
def get(session: Session, conn_id: str, show_secrets: bool, output: OutputFormat) -> None:
    """Print one connection. Password and extra are masked unless asked for."""
    with session.store.read() as connection:
        found = load_connection(connection, conn_id, secrets=session.store.secrets)
        if found is None:
            raise _not_found(session, conn_id)
    record: dict[str, object] = {column: getattr(found, column) for column in COLUMNS}
    for name in ("password", "extra"):
        value = getattr(found, name)
        record[name] = value if show_secrets or value is None else MASK
    print_record(record, output)


@click.command()
@click.argument("conn_id")
@click.option("--conn-uri", help="All parts in one: type://login:password@host:port/schema?key=value.")
@click.option("--conn-json", help="All parts as a JSON object, as `export` writes them.")
@click.option("--conn-type", help="What kind of system it is, such as http or postgres.")
@click.option("--conn-host", help="Name or address.")
@click.option("--conn-port", type=click.IntRange(1, MAX_PORT), help="Port.")
@click.option("--conn-schema", help="Schema or database.")
@click.option("--conn-login", help="User name.")
@click.option(
    "--conn-password", help="Password. Others can see it in the list of processes; `import` hides it."
)
@click.option("--conn-extra", help="More settings, as a JSON object.")
@click.option("--conn-description", help="What it is for.")
@click.option("--overwrite", is_flag=True, help="Change the connection if it exists.")
@pass_session
def add(
    session: Session, /, conn_id: str, overwrite: bool, **options: Any
) -> None:  # Any: texts and one number
    """Make a connection, from its parts, from a URI or from JSON."""
    record = _record_of_options(conn_id, options)
    secrets = session.store.secrets
    with session.store.write() as connection:
        if not overwrite and load_connection(connection, conn_id, secrets=secrets) is not None:
            raise ConflictError(f"connection {conn_id!r} exists already; --overwrite changes it")
        save_connection(connection, record, secrets=secrets, now=utc_now())
        session.note(connection, "set_connection", conn_id=conn_id)
    click.echo(f"Connection {conn_id!r} saved.")


@click.command()
@click.argument("conn_id")
@pass_session
def delete(session: Session, conn_id: str) -> None:
    """Delete a connection."""
    with session.store.write() as connection:
        is_gone = delete_connection(connection, conn_id)
        if is_gone:
            session.note(connection, "delete_connection", conn_id=conn_id)
    if not is_gone:
        raise _not_found(session, conn_id)
    click.echo(f"Connection {conn_id!r} deleted.")


@click.command("import")
@click.argument("file")
@click.option("--overwrite", is_flag=True, help="Change connections that exist; without it they are left.")
@pass_session
def import_command(session: Session, file: str, overwrite: bool) -> None:
    """Make connections from a JSON file, in one step: an object of ids, with a URI or an object for each."""
    entries = read_json(file, dict[str, str | ConnectionEntry])
    records = [_record(conn_id, entry) for conn_id, entry in entries.items()]
    secrets, count = session.store.secrets, 0
    with session.store.write() as connection:
        for record in records:
            if overwrite or load_connection(connection, record.conn_id, secrets=secrets) is None:
                save_connection(connection, record, secrets=secrets, now=utc_now())
                session.note(connection, "set_connection", conn_id=record.conn_id)
                count += 1
    kept = len(records) - count
    left = f" {kept} {'exists' if kept == 1 else 'exist'} already and {'was' if kept == 1 else 'were'} left."
    click.echo(f"{count_of(count, 'connection')} imported." + (left if kept else ""))


@click.command()
@click.argument("file", default="-")
@click.option(
    "--file-format",
    type=click.Choice(["json", "env"]),
    default="json",
    show_default=True,
    help="How to write.",
)
@pass_session
def export(session: Session, file: str, file_format: str) -> None:
    """Write all connections to FILE, or to standard output. The secrets are not encrypted there."""
    with session.store.read() as connection:
        page = list_connections(connection, _ALL, secrets=session.store.secrets)
    if file_format == "env":
        write_text(file, "".join(f"{item.conn_id}={_uri(item)}\n" for item in page.items))
        return
    write_json(file, {item.conn_id: _entry(item) for item in page.items})


def _record_of_options(
    conn_id: str, options: dict[str, Any]
) -> ConnectionRecord:  # Any: texts and one number
    uri, text = options.pop("conn_uri"), options.pop("conn_json")
    parts = {name.removeprefix("conn_"): value for name, value in options.items()}
    kind = parts.pop("type")
    ways = [
        name for name, given in (("--conn-uri", uri), ("--conn-json", text), ("--conn-type", kind)) if given
    ]
    if len(ways) != 1:
        raise UsageError(
            f"give one of --conn-uri, --conn-json and --conn-type; got {' and '.join(ways) or 'none'}"
        )
    if uri:
        return _record(conn_id, uri)
    if text:
        try:
            return _record(conn_id, msgspec.json.decode(text, type=ConnectionEntry))
        except JSON_ERRORS as error:
            why = explain_json_error(error, ConnectionEntry)
            raise UsageError(f"--conn-json does not describe a connection: {why}") from error
    return ConnectionRecord(conn_id=conn_id, conn_type=kind, **parts)


def _record(conn_id: str, entry: str | ConnectionEntry) -> ConnectionRecord:
    if isinstance(entry, str):
        try:
            return ConnectionRecord(conn_id=conn_id, **parse_connection_uri(entry))
        except InvalidConnectionError as error:
            raise UsageError(f"connection {conn_id!r}: {error}") from error
    parts = msgspec.structs.asdict(entry)
    if isinstance(entry.extra, dict):
        parts["extra"] = msgspec.json.encode(entry.extra).decode()
    return ConnectionRecord(conn_id=conn_id, **parts)


def _entry(record: ConnectionRecord) -> ConnectionEntry:
    return ConnectionEntry(**{name: getattr(record, name) for name in ConnectionEntry.__struct_fields__})


def _uri(record: ConnectionRecord) -> str:
    return build_connection_uri(msgspec.structs.asdict(record))


def _not_found(session: Session, conn_id: str) -> NotFoundError:
    with session.store.read() as connection:
        page = list_connections(connection, _ALL, secrets=session.store.secrets)
    return NotFoundError("connection", conn_id, [item.conn_id for item in page.items])

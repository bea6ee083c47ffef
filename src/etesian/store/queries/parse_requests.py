"""Files that people want parsed again, although nothing changed."""

from __future__ import annotations

from sqlalchemy import Connection, delete

from etesian.bundles.source import WHOLE_BUNDLE
from etesian.store.queries.upsert import insert_into
from etesian.store.tables import parse_requests_table

_request = parse_requests_table.c


def request_parse(connection: Connection, *, bundle: str, file: str = WHOLE_BUNDLE) -> None:
    """Ask that a file is parsed. The caller rings ``specs``."""
    statement = insert_into(connection, parse_requests_table).values(bundle=bundle, file=file)
    connection.execute(statement.on_conflict_do_nothing())


def take_parse_requests(connection: Connection) -> list[tuple[str, str]]:
    """Return what was asked for, as bundle and file, and forget it."""
    taken = connection.execute(delete(parse_requests_table).returning(_request.bundle, _request.file))
    return sorted((row.bundle, row.file) for row in taken)

"""DAG files that cannot be imported."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, select

from etesian.store.queries.page import Page, Paging, count_up_to, order_columns
from etesian.store.queries.patterns import like
from etesian.store.queries.upsert import insert_into
from etesian.store.tables import import_errors_table

_error = import_errors_table.c
ORDERS: Final = {"id": _error.id, "bundle": _error.bundle, "file": _error.file, "seen_at": _error.seen_at}


class ImportErrorRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Why a file gives no DAGs, or not all of them."""

    id: int
    bundle: str
    file: str
    message: str  #: what went wrong, with the traceback where there is one
    line: int | None
    seen_at: datetime


def save_import_error(
    connection: Connection, *, bundle: str, file: str, message: str, line: int | None, now: datetime
) -> None:
    """Keep what is wrong with a file, instead of what was wrong before."""
    values = {"message": message, "line": line, "seen_at": now}
    statement = insert_into(connection, import_errors_table).values(bundle=bundle, file=file, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["bundle", "file"], set_=values))


def forget_import_errors(connection: Connection, bundle: str, files: Iterable[str]) -> int:
    """Delete the errors of files that are good now, or gone, and return how many there were."""
    statement = delete(import_errors_table).where(_error.bundle == bundle, _error.file.in_(list(files)))
    return connection.execute(statement).rowcount


def list_import_errors(
    connection: Connection, paging: Paging, *, file_pattern: str | None = None
) -> Page[ImportErrorRecord]:
    """Return a page of errors, in the order they were first met unless ordered otherwise.

    Raises:
        InvalidOrderError: they cannot be ordered like that.
    """
    statement = select(import_errors_table)
    if file_pattern:
        statement = statement.where(like(_error.file, file_pattern))
    order = order_columns(paging.order_by, ORDERS, last=_error.id)
    rows = connection.execute(statement.order_by(*order).limit(paging.limit).offset(paging.offset))
    return Page([ImportErrorRecord(**row._mapping) for row in rows], count_up_to(connection, statement))


def load_import_error(connection: Connection, error_id: int) -> ImportErrorRecord | None:
    """Return one error; None when there is none of that number."""
    row = connection.execute(select(import_errors_table).where(_error.id == error_id)).one_or_none()
    return None if row is None else ImportErrorRecord(**row._mapping)

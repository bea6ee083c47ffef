"""Connections, whose passwords and extras are kept encrypted."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, delete, select

from etesian.foundation.ids import check_key
from etesian.foundation.json_errors import JSON_ERRORS, explain_json_error
from etesian.store.errors import StoreError
from etesian.store.queries.page import Page, Paging, count_up_to, order_columns
from etesian.store.queries.patterns import like
from etesian.store.queries.upsert import insert_into
from etesian.store.secrets import SecretBox
from etesian.store.tables import connections_table

_connection = connections_table.c
ORDERS: Final = {
    "conn_id": _connection.conn_id,
    "conn_type": _connection.conn_type,
    "description": _connection.description,
    "host": _connection.host,
    "port": _connection.port,
}
MAX_PORT: Final = 65535
_ENCRYPTED: Final = ("password", "extra")


class InvalidConnectionError(StoreError):
    """A connection cannot be like that."""


class ConnectionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach one system outside."""

    conn_id: str
    conn_type: str
    host: str | None = None
    port: int | None = None
    schema: str | None = None
    login: str | None = None
    password: str | None = None  #: decrypted
    extra: str | None = None  #: JSON, decrypted
    description: str | None = None

    def __repr__(self) -> str:
        """Show what may be shown."""
        return f"ConnectionRecord({self.conn_id!r}, {self.conn_type!r}, host={self.host!r})"


def load_connection(connection: Connection, conn_id: str, *, secrets: SecretBox) -> ConnectionRecord | None:
    """Return one connection; None when there is none.

    Raises:
        DecryptionError: it was encrypted with an unknown key.
    """
    row = connection.execute(select(connections_table).where(_connection.conn_id == conn_id)).one_or_none()
    return None if row is None else _record(row, secrets)


def list_connections(
    connection: Connection, paging: Paging, *, secrets: SecretBox, conn_id_pattern: str | None = None
) -> Page[ConnectionRecord]:
    """Return a page of connections, by conn_id unless ordered otherwise.

    Raises:
        InvalidOrderError: they cannot be ordered like that.
        DecryptionError: one was encrypted with an unknown key.
    """
    statement = select(connections_table)
    if conn_id_pattern:
        statement = statement.where(like(_connection.conn_id, conn_id_pattern))
    order = order_columns(paging.order_by, ORDERS, last=_connection.conn_id)
    rows = connection.execute(statement.order_by(*order).limit(paging.limit).offset(paging.offset))
    return Page([_record(row, secrets) for row in rows], count_up_to(connection, statement))


def save_connection(
    connection: Connection, record: ConnectionRecord, *, secrets: SecretBox, now: datetime
) -> bool:
    """Insert or replace a connection and say whether it is new.

    Raises:
        InvalidKeyError: the conn_id has characters that are not allowed.
        InvalidConnectionError: its port is none, or its extra is not a JSON object.
    """
    check_key(record.conn_id, "conn_id")
    _check(record)
    is_known = connection.execute(
        select(_connection.conn_id).where(_connection.conn_id == record.conn_id)
    ).first()
    values = msgspec.structs.asdict(record) | {"updated_at": now}
    for name in _ENCRYPTED:
        if values[name] is not None:
            values[name] = secrets.encrypt(values[name])
    conn_id = values.pop("conn_id")
    statement = insert_into(connection, connections_table).values(conn_id=conn_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["conn_id"], set_=values))
    return is_known is None


def _check(record: ConnectionRecord) -> None:
    if record.port is not None and not 1 <= record.port <= MAX_PORT:
        raise InvalidConnectionError(
            f"connection {record.conn_id!r}: the port cannot be {record.port}; possible: 1 to {MAX_PORT}"
        )
    if record.extra:
        try:
            msgspec.json.decode(record.extra, type=dict[str, Any])  # Any: the libraries' own options
        except JSON_ERRORS as error:
            why = explain_json_error(error)
            raise InvalidConnectionError(
                f"connection {record.conn_id!r}: extra must be a JSON object: {why}"
            ) from error


def delete_connection(connection: Connection, conn_id: str) -> bool:
    """Delete a connection and say whether there was one."""
    return connection.execute(delete(connections_table).where(_connection.conn_id == conn_id)).rowcount == 1


def _record(row: Row[Any], secrets: SecretBox) -> ConnectionRecord:  # Any: the columns
    values = {name: row._mapping[name] for name in ConnectionRecord.__struct_fields__}
    for name in _ENCRYPTED:
        if values[name] is not None:
            values[name] = secrets.decrypt(values[name])
    return ConnectionRecord(**values)

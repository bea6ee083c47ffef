"""Variables, whose values are kept encrypted."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, delete, select

from etesian.store.errors import StoreError
from etesian.store.queries.page import Page, Paging, count_up_to, order_columns
from etesian.store.queries.patterns import like
from etesian.store.queries.upsert import insert_into
from etesian.store.secrets import SecretBox
from etesian.store.tables import variables_table

_variable = variables_table.c
ORDERS: Final = {
    "key": _variable.key,
    "description": _variable.description,
    "updated_at": _variable.updated_at,
}


class VariableRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One variable."""

    key: str
    value: str  #: decrypted
    description: str | None
    updated_at: datetime


class InvalidVariableError(StoreError):
    """A variable cannot be like that."""


def load_variable(connection: Connection, key: str, *, secrets: SecretBox) -> VariableRecord | None:
    """Return one variable; None when there is none.

    Raises:
        DecryptionError: it was encrypted with an unknown key.
    """
    row = connection.execute(select(variables_table).where(_variable.key == key)).one_or_none()
    return None if row is None else _record(row, secrets)


def list_variables(
    connection: Connection, paging: Paging, *, secrets: SecretBox, key_pattern: str | None = None
) -> Page[VariableRecord]:
    """Return a page of variables, by key unless ordered otherwise.

    Raises:
        InvalidOrderError: they cannot be ordered like that.
        DecryptionError: one was encrypted with an unknown key.
    """
    statement = select(variables_table)
    if key_pattern:
        statement = statement.where(like(_variable.key, key_pattern))
    order = order_columns(paging.order_by, ORDERS, last=_variable.key)
    rows = connection.execute(statement.order_by(*order).limit(paging.limit).offset(paging.offset))
    return Page([_record(row, secrets) for row in rows], count_up_to(connection, statement))


def save_variable(
    connection: Connection,
    key: str,
    value: str,
    *,
    description: str | None = None,
    secrets: SecretBox,
    now: datetime,
) -> None:
    """Insert or replace a variable; without a description the one it has stays.

    Raises:
        InvalidVariableError: the key is empty or longer than 250 characters.
    """
    if not key or len(key) > 250:
        raise InvalidVariableError(
            f"the key of a variable must have 1 to 250 characters, got {len(key)}: {key[:80]!r}"
        )
    values: dict[str, object] = {"value": secrets.encrypt(value), "updated_at": now}
    if description is not None:
        values["description"] = description
    statement = insert_into(connection, variables_table).values(key=key, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=values))


def delete_variable(connection: Connection, key: str) -> bool:
    """Delete a variable and say whether there was one."""
    return connection.execute(delete(variables_table).where(_variable.key == key)).rowcount == 1


def _record(row: Row[Any], secrets: SecretBox) -> VariableRecord:  # Any: the columns
    return VariableRecord(
        key=row.key, value=secrets.decrypt(row.value), description=row.description, updated_at=row.updated_at
    )

"""The durable inbox: commands for the leading scheduler, in order, each applied once.

Who appends a row rings the bell after the commit. The leader reads rows, and deletes them in the transaction
that stores their effects (``batch.Batch.inbox_ids``).
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, update

from etesian.foundation.clock import utc_now
from etesian.protocol.commands import Command, decode_command, encode_command
from etesian.store.tables import inbox_table


class InboxRow(msgspec.Struct, frozen=True):
    """One command that waits."""

    id: int
    command: Command


class RejectedRow(msgspec.Struct, frozen=True):
    """One row that could not be read, set aside for people to see."""

    id: int
    text: str
    error: str
    created_at: datetime


_next_rows = (
    select(inbox_table.c.id, inbox_table.c.command)
    .where(inbox_table.c.error.is_(None))
    .order_by(inbox_table.c.id)
    .limit(bindparam("limit"))
)
_append = insert(inbox_table).values(command=bindparam("command"), created_at=bindparam("created_at"))
_set_aside = update(inbox_table).where(inbox_table.c.id == bindparam("row_id")).values(error=bindparam("why"))


def append(connection: Connection, *commands: Command, now: datetime | None = None) -> None:
    """Add commands at the end, in the caller's transaction."""
    created_at = now or utc_now()
    rows = [{"command": encode_command(command).decode(), "created_at": created_at} for command in commands]
    if rows:
        connection.execute(_append, rows)


def read(connection: Connection, limit: int = 1000) -> list[InboxRow]:
    """Return the oldest commands.

    A row that cannot be read is left out and marked with the reason, so that it blocks nothing: give a
    connection of ``Store.write()``, or the mark is lost and the row is met again.
    """
    found: list[InboxRow] = []
    for row_id, text in connection.execute(_next_rows, {"limit": limit}):
        try:
            found.append(InboxRow(row_id, decode_command(text)))
        except msgspec.MsgspecError as error:
            set_aside(connection, row_id, str(error))
    return found


def set_aside(connection: Connection, row_id: int, why: str) -> None:
    """Mark a command that cannot be carried out, so that it blocks nothing."""
    connection.execute(_set_aside, {"row_id": row_id, "why": why})


def load_rejected(connection: Connection, limit: int = 100) -> list[RejectedRow]:
    """Return rows that were set aside, the newest first."""
    columns = inbox_table.c
    rows = connection.execute(
        select(columns.id, columns.command, columns.error, columns.created_at)
        .where(columns.error.is_not(None))
        .order_by(columns.id.desc())
        .limit(limit)
    )
    return [RejectedRow(row.id, row.command, row.error, row.created_at) for row in rows]


def has_row(connection: Connection, row_id: int) -> bool:
    """Return whether a row still waits; False is the acknowledgement that its effects are stored."""
    return connection.execute(select(inbox_table.c.id).where(inbox_table.c.id == row_id)).first() is not None


def newest_id(connection: Connection) -> int:
    """Return the number of the newest row that waits; 0 when none does."""
    return connection.execute(select(func.max(inbox_table.c.id))).scalar() or 0


def has_rows_up_to(connection: Connection, row_id: int) -> bool:
    """Return whether a readable row numbered ``row_id`` or lower still waits."""
    columns = inbox_table.c
    rows = connection.execute(
        select(columns.id).where(columns.error.is_(None), columns.id <= row_id).limit(1)
    )
    return rows.first() is not None

"""Pools: how many slots each has."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from etesian.protocol.commands import PoolsChanged
from etesian.store.errors import StoreError
from etesian.store.queries import inbox
from etesian.store.tables import pools_table

DEFAULT_POOL = "default_pool"
DEFAULT_POOL_SLOTS = 128
#: More is a slip of the keyboard; -1 says without limit.
MAX_POOL_SLOTS = 1_000_000_000
MAX_POOL_NAME_LENGTH = 250


class PoolRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One pool."""

    name: str
    slots: int  #: -1: without limit
    includes_deferred: bool = False  #: whether deferred tasks hold their slots
    description: str | None = None


class UnknownPoolError(StoreError):
    """No pool of that name exists."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no pool {name!r}; `etesian pools list` shows those that exist")
        self.name = name


class InvalidPoolError(StoreError):
    """A pool cannot be like that."""


def insert_default_pool(connection: Connection) -> None:
    """Make the pool of tasks that name none."""
    connection.execute(
        insert(pools_table).values(
            name=DEFAULT_POOL,
            slots=DEFAULT_POOL_SLOTS,
            includes_deferred=False,
            description="The pool of tasks that name none",
        )
    )


def load_pools(connection: Connection) -> list[PoolRecord]:
    """Return all pools, by name."""
    rows = connection.execute(select(pools_table).order_by(pools_table.c.name))
    return [PoolRecord(**row) for row in rows.mappings()]


def load_pool(connection: Connection, name: str) -> PoolRecord:
    """Return one pool.

    Raises:
        UnknownPoolError: there is none of that name.
    """
    row = connection.execute(select(pools_table).where(pools_table.c.name == name)).mappings().one_or_none()
    if row is None:
        raise UnknownPoolError(name)
    return PoolRecord(**row)


def save_pool(connection: Connection, pool: PoolRecord) -> bool:
    """Insert or change a pool, tell the scheduler, and say whether it is new.

    Raises:
        InvalidPoolError: the name is empty or too long, or the slots are not from -1 to ``MAX_POOL_SLOTS``.
    """
    if not pool.name.strip():
        raise InvalidPoolError("a pool needs a name")
    if len(pool.name) > MAX_POOL_NAME_LENGTH:
        raise InvalidPoolError(
            f"the name of a pool has {MAX_POOL_NAME_LENGTH} characters at most, "
            f"got {len(pool.name)}: {pool.name[:80]!r}"
        )
    if not -1 <= pool.slots <= MAX_POOL_SLOTS:
        raise InvalidPoolError(
            f"pool {pool.name!r} cannot have {pool.slots} slots; give 0 to {MAX_POOL_SLOTS}, or -1 for no limit"
        )
    values = msgspec.structs.asdict(pool)
    changed = connection.execute(update(pools_table).where(pools_table.c.name == pool.name).values(values))
    is_new = changed.rowcount == 0
    if is_new:
        connection.execute(insert(pools_table).values(values))
    inbox.append(connection, PoolsChanged())
    return is_new


def delete_pool(connection: Connection, name: str) -> None:
    """Delete a pool and tell the scheduler.

    Raises:
        UnknownPoolError: there is none of that name.
        InvalidPoolError: it is the default pool, which must stay.
    """
    if name == DEFAULT_POOL:
        raise InvalidPoolError(f"pool {DEFAULT_POOL!r} cannot be deleted: tasks that name no pool use it")
    if connection.execute(delete(pools_table).where(pools_table.c.name == name)).rowcount == 0:
        raise UnknownPoolError(name)
    inbox.append(connection, PoolsChanged())

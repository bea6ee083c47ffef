"""The leader's lease. The epoch grows with every new leader, and every write of a leader checks it."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, select, update

from etesian.store.queries.upsert import insert_into
from etesian.store.tables import leases_table

_columns = leases_table.c


class LeaseRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Who leads a partition, and until when."""

    partition: int
    holder: str  #: empty after a release
    epoch: int
    renewed_at: datetime
    expires_at: datetime


def acquire(
    connection: Connection, holder: str, now: datetime, lease: timedelta, *, partition: int = 0
) -> int | None:
    """Become the leader if nobody is, or if the leader's lease ran out; return the new epoch, or None.

    Give a connection of ``Store.write()``. Who leads already and asks again gets a new epoch.
    """
    found = connection.execute(
        select(_columns.holder, _columns.epoch, _columns.expires_at)
        .where(_columns.partition == partition)
        .with_for_update()
    ).one_or_none()
    if found is None:
        return _begin(connection, holder, now, lease, partition)
    if found.holder not in ("", holder) and found.expires_at > now:
        return None
    epoch: int = found.epoch + 1
    connection.execute(
        update(leases_table)
        .where(_columns.partition == partition)
        .values(holder=holder, epoch=epoch, renewed_at=now, expires_at=now + lease)
    )
    return epoch


def renew(connection: Connection, epoch: int, now: datetime, lease: timedelta, *, partition: int = 0) -> bool:
    """Extend the lease; False when another leader has taken over."""
    changed = connection.execute(
        update(leases_table)
        .where(_columns.partition == partition, _columns.epoch == epoch, _columns.holder != "")
        .values(renewed_at=now, expires_at=now + lease)
    )
    return changed.rowcount == 1


def release(connection: Connection, epoch: int, *, partition: int = 0) -> bool:
    """Give the lease up, so that a standby need not wait for its end; False when it was lost already."""
    changed = connection.execute(
        update(leases_table)
        .where(_columns.partition == partition, _columns.epoch == epoch)
        .values(holder="", expires_at=_columns.renewed_at)
    )
    return changed.rowcount == 1


def load_lease(connection: Connection, *, partition: int = 0) -> LeaseRecord | None:
    """Return the lease; None when there never was a leader."""
    row = (
        connection.execute(select(leases_table).where(_columns.partition == partition))
        .mappings()
        .one_or_none()
    )
    return None if row is None else LeaseRecord(**row)


def _begin(
    connection: Connection, holder: str, now: datetime, lease: timedelta, partition: int
) -> int | None:
    values = {
        "partition": partition,
        "holder": holder,
        "epoch": 1,
        "renewed_at": now,
        "expires_at": now + lease,
    }
    statement = insert_into(connection, leases_table).values(values).on_conflict_do_nothing()
    return connection.execute(statement.returning(_columns.epoch)).scalar_one_or_none()

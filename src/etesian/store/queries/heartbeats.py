"""Signs of life of processes that hold no lease: parsers and triggerers. Read by the health check."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from etesian.store.tables import heartbeats_table

#: How often a process should beat.
BEAT_INTERVAL: Final = timedelta(seconds=10)
#: A process that was silent for longer than this is not healthy.
FRESH_FOR: Final = timedelta(seconds=30)
#: A process that was silent for this long has gone; its row is of no use.
FORGET_AFTER: Final = timedelta(hours=1)

_columns = heartbeats_table.c


class HeartbeatRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The newest sign of life of one process."""

    kind: str  #: what it is: ``parser``, ``triggerer``
    hostname: str
    pid: int
    started_at: datetime
    beat_at: datetime


def save_heartbeat(connection: Connection, kind: str, hostname: str, pid: int, now: datetime) -> None:
    """Note that the process is alive. Its first call also forgets processes that have gone."""
    is_this = (_columns.kind == kind, _columns.hostname == hostname, _columns.pid == pid)
    if connection.execute(update(heartbeats_table).where(*is_this).values(beat_at=now)).rowcount:
        return
    connection.execute(delete(heartbeats_table).where(_columns.beat_at < now - FORGET_AFTER))
    values = {"kind": kind, "hostname": hostname, "pid": pid, "started_at": now, "beat_at": now}
    connection.execute(insert(heartbeats_table).values(values))


def delete_heartbeat(connection: Connection, kind: str, hostname: str, pid: int) -> None:
    """Forget a process that ends as it should."""
    connection.execute(
        delete(heartbeats_table).where(
            _columns.kind == kind, _columns.hostname == hostname, _columns.pid == pid
        )
    )


def load_heartbeats(connection: Connection) -> list[HeartbeatRecord]:
    """Return all that are known, the newest beat first."""
    rows = connection.execute(select(heartbeats_table).order_by(_columns.beat_at.desc()))
    return [HeartbeatRecord(**row) for row in rows.mappings()]


def load_newest_beats(connection: Connection) -> dict[str, datetime]:
    """Return the newest beat of each kind of process."""
    rows = connection.execute(
        select(_columns.kind, func.max(_columns.beat_at).label("beat_at")).group_by(_columns.kind)
    )
    return {row.kind: row.beat_at for row in rows}

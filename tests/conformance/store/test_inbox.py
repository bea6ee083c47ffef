"""The durable inbox."""

from __future__ import annotations

from sqlalchemy import insert

from etesian.protocol.commands import Command, DagGone, PauseChanged, PoolsChanged
from etesian.store import Store
from etesian.store.batch import Batch
from etesian.store.queries import inbox
from etesian.store.tables import inbox_table
from tests.conformance.store.samples import NOW, Scheduler


def test_commands_come_out_in_the_order_they_went_in(store: Store) -> None:
    commands: list[Command] = [
        PoolsChanged(),
        DagGone(dag_id="etl"),
        PauseChanged(dag_id="etl", is_paused=True),
    ]
    with store.write() as connection:
        inbox.append(connection, commands[0], now=NOW)
        inbox.append(connection, *commands[1:], now=NOW)
    with store.write() as connection:
        assert [row.command for row in inbox.read(connection)] == commands
        assert [row.command for row in inbox.read(connection, limit=2)] == commands[:2]


def test_a_row_that_cannot_be_read_blocks_nothing(store: Store) -> None:
    with store.write() as connection:
        connection.execute(insert(inbox_table).values(command='{"kind":"no such"}', created_at=NOW))
        inbox.append(connection, PoolsChanged())
    with store.write() as connection:
        assert [row.command for row in inbox.read(connection, limit=2)] == [PoolsChanged()]
    with store.write() as connection:
        assert len(inbox.read(connection, limit=1)) == 1
        (rejected,) = inbox.load_rejected(connection)
    assert rejected.text == '{"kind":"no such"}'
    assert "no such" in rejected.error


def test_a_waiting_row_is_the_missing_acknowledgement(store: Store) -> None:
    with store.write() as connection:
        inbox.append(connection, PoolsChanged())
        newest = inbox.newest_id(connection)
        assert inbox.has_row(connection, newest)
        assert inbox.has_rows_up_to(connection, newest)
    Scheduler(store).write(Batch(inbox_ids=[newest]))
    with store.read() as connection:
        assert not inbox.has_row(connection, newest)
        assert not inbox.has_rows_up_to(connection, newest)
        assert inbox.newest_id(connection) == 0


def test_appending_nothing_appends_nothing(store: Store) -> None:
    with store.write() as connection:
        inbox.append(connection)
        assert inbox.read(connection) == []

"""Opening the store, writing it from several sides, and what its errors say."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from etesian.protocol.commands import PoolsChanged
from etesian.store import Store, StoreError, open_store
from etesian.store.batch import Batch
from etesian.store.errors import (
    InvalidValueError,
    StoreBusyError,
    StoreUnavailableError,
    UnsupportedDatabaseError,
)
from etesian.store.queries import inbox, pools
from etesian.store.tables import pools_table
from tests.conformance.store.samples import Scheduler
from tests.e2e.harness import find_free_port


@pytest.fixture
def other(store: Store) -> Iterator[Store]:
    """Open the same database a second time, as another process would, and without patience."""
    url = store.engine.url.render_as_string(hide_password=False)
    opened = open_store(url, home=store.home, busy_timeout_seconds=0.2)
    yield opened
    opened.dispose()


def test_what_is_written_is_there_after_the_block(store: Store, other: Store) -> None:
    with store.write() as connection:
        inbox.append(connection, PoolsChanged())
        with other.read() as unaware:
            assert inbox.newest_id(unaware) == 0
    with other.read() as aware:
        assert inbox.newest_id(aware) > 0


def test_an_error_in_the_block_rolls_everything_back(store: Store) -> None:
    def fail_half_way() -> None:
        with store.write() as connection:
            inbox.append(connection, PoolsChanged())
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    with store.read() as connection:
        assert inbox.newest_id(connection) == 0


def test_many_writers_wait_for_each_other(store: Store) -> None:
    def add_ten(_number: int) -> None:
        for _ in range(10):
            with store.write() as connection:
                # Read, then write: this is what fails half-way where writers do not queue.
                inbox.newest_id(connection)
                inbox.append(connection, PoolsChanged())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add_ten, range(8)))
    with store.write() as connection:
        assert len(inbox.read(connection)) == 80


def test_a_reader_does_not_wait_for_a_writer(store: Store, other: Store) -> None:
    with store.write() as connection:
        inbox.append(connection, PoolsChanged())
        with other.read() as reader:
            assert len(pools.load_pools(reader)) == 1


def test_what_one_block_reads_does_not_change_meanwhile(store: Store, other: Store) -> None:
    with store.read() as reader:
        before = inbox.newest_id(reader)
        with other.write() as connection:
            inbox.append(connection, PoolsChanged())
        assert inbox.newest_id(reader) == before
    with store.read() as reader:
        assert inbox.newest_id(reader) > before


@pytest.mark.postgresql
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_connections_that_the_server_ended_are_renewed(store: Store, other: Store) -> None:
    scheduler = Scheduler(store)
    scheduler.write(Batch())
    with other.write() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'etesian' AND pid <> pg_backend_pid()"
            )
        )
    with pytest.raises(StoreUnavailableError):
        scheduler.write(Batch())
    scheduler.write(Batch())


def test_a_lock_held_for_too_long_is_named(store: Store, other: Store) -> None:
    with store.write() as connection:
        connection.execute(insert(pools_table).values(name="p", slots=1, includes_deferred=False))
        if not store.is_sqlite:
            connection.execute(text("LOCK TABLE pools"))
        with pytest.raises(StoreBusyError, match="for too long"), other.write() as late:
            late.execute(insert(pools_table).values(name="q", slots=1, includes_deferred=False))


def test_threads_share_a_store(store: Store) -> None:
    seen: list[int] = []

    def look() -> None:
        with store.read() as connection:
            seen.append(len(pools.load_pools(connection)))

    threads = [threading.Thread(target=look) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 10


def test_a_refused_statement_is_our_error(store: Store) -> None:
    with pytest.raises(StoreError, match=r"(?i)unique"), store.write() as connection:
        pools.insert_default_pool(connection)


def test_missing_tables_say_what_to_run(empty_url: str, tmp_path: Path) -> None:
    opened = open_store(empty_url, home=tmp_path)
    with pytest.raises(StoreError, match="run `etesian db migrate`"), opened.read() as connection:
        pools.load_pools(connection)
    opened.dispose()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://root@localhost/etesian", "'mysql' is not supported; possible: sqlite"),
        ("not a url", "cannot be read; write sqlite"),
        ("sqlite://", "in memory cannot be shared"),
        ("sqlite:///:memory:", "in memory cannot be shared"),
    ],
)
def test_a_database_we_cannot_use_is_refused(url: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedDatabaseError, match=says):
        open_store(url, home=tmp_path)


def test_the_url_of_an_old_airflow_installation_works(tmp_path: Path) -> None:
    opened = open_store("postgresql+psycopg2://user:pw@localhost/airflow", home=tmp_path)
    assert opened.engine.url.drivername == "postgresql+psycopg"
    opened.dispose()


def test_an_unreachable_server_is_named_without_the_password(tmp_path: Path) -> None:
    opened = open_store(f"postgresql://ann:sesame@127.0.0.1:{find_free_port()}/etl", home=tmp_path)
    with (
        pytest.raises(StoreUnavailableError, match=r"'etl' on 127\.0\.0\.1 cannot be reached") as caught,
        opened.read() as it,
    ):
        pools.load_pools(it)
    assert "sesame" not in str(caught.value)
    opened.dispose()


def test_a_number_that_no_column_can_hold_is_refused_and_nothing_is_stored(store: Store) -> None:
    def write(slots: int) -> None:
        with store.write() as connection:
            inbox.append(connection, PoolsChanged())
            connection.execute(insert(pools_table).values(name="p", slots=slots, includes_deferred=False))

    with pytest.raises(InvalidValueError):
        write(10**25)
    with store.read() as connection:
        assert inbox.newest_id(connection) == 0
    with pytest.raises(OverflowError), store.read():
        raise OverflowError("of the block")

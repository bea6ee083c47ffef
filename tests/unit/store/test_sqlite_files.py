"""What can be wrong with the file of a SQLite store."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from etesian.store import Store, open_store
from etesian.store.errors import (
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    UnsupportedDatabaseError,
)
from etesian.store.queries import pools
from etesian.store.queries.pools import PoolRecord
from etesian.store.schema import check_schema, migrate


def open_migrated(home: Path) -> Store:
    store = open_store("", home=home)
    migrate(store)
    return store


def test_the_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    store = open_migrated(tmp_path)
    assert stat.S_IMODE((tmp_path / "etesian.db").stat().st_mode) == 0o600
    store.dispose()


def test_relative_and_absolute_urls_name_the_file(tmp_path: Path) -> None:
    for url, file in (
        ("", tmp_path / "etesian.db"),
        ("sqlite:///sub/x.db", tmp_path / "sub" / "x.db"),
        (f"sqlite:///{tmp_path}/y.db", tmp_path / "y.db"),
    ):
        store = open_store(url, home=tmp_path)
        migrate(store)
        assert file.is_file()
        store.dispose()


@pytest.mark.parametrize(("setting", "value"), [("normal", 1), ("FULL", 2)])
def test_the_write_ahead_log_and_the_durability_asked_for_are_used(
    tmp_path: Path, setting: str, value: int
) -> None:
    store = open_store("", home=tmp_path, synchronous=setting)
    with store.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == value
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    store.dispose()


def test_an_unknown_durability_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedDatabaseError, match="'sometimes' is not possible; choose OFF, NORMAL"):
        open_store("", home=tmp_path, synchronous="sometimes")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "etesian.db").write_bytes(b"this is not a database at all, but it is long enough" * 50)
    store = open_store("", home=tmp_path)
    with pytest.raises(StoreCorruptError, match=r"etesian\.db.*not a SQLite database; move it away"):
        check_schema(store)
    store.dispose()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreReadOnlyError, match=r"cannot be opened for writing.*set ETESIAN_HOME"):
        open_store("", home=tmp_path / "file" / "home")


def test_a_read_only_database_is_named_and_unharmed(tmp_path: Path) -> None:
    store = open_migrated(tmp_path)
    store.dispose()
    readable = open_store("", home=tmp_path)
    with readable.read() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")  # what a read-only mount does, also for root
    with (
        pytest.raises(StoreReadOnlyError, match="read-only; make it writable"),
        readable.write() as connection,
    ):
        pools.save_pool(connection, PoolRecord(name="p", slots=1))
    readable.dispose()


def fill(store: Store) -> None:
    for number in range(1000):
        with store.write() as connection:
            pools.save_pool(connection, PoolRecord(name=f"p{number}", slots=1, description="x" * 10_000))


def test_a_full_disk_is_named_and_nothing_is_damaged(tmp_path: Path) -> None:
    store = open_migrated(tmp_path)
    with store.read() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=200")  # SQLite says the same when the disk is full
    with pytest.raises(StoreFullError, match="no room on the disk; free some space"):
        fill(store)
    with store.read() as connection:
        kept = len(pools.load_pools(connection))
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        connection.exec_driver_sql("PRAGMA max_page_count=1000")
    with store.write() as connection:
        pools.save_pool(connection, PoolRecord(name="after", slots=1))
        assert len(pools.load_pools(connection)) == kept + 1
    store.dispose()


def test_an_error_without_a_known_cause_is_still_ours(tmp_path: Path) -> None:
    store = open_migrated(tmp_path)
    with pytest.raises(StoreError, match=r"refused a statement.*syntax error"), store.write() as connection:
        connection.exec_driver_sql("SELEC 1")
    store.dispose()

"""The metadata database of one installation: where it is, how to connect, and what its errors mean."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from etesian.store import postgresql, sqlite
from etesian.store.errors import InvalidValueError, StoreReadOnlyError, UnsupportedDatabaseError
from etesian.store.secrets import SecretBox
from etesian.store.xcom_elements import XComElements

#: How long a writer waits for others before it gives up.
DEFAULT_BUSY_TIMEOUT_SECONDS: Final = 30.0


class Store:
    """An open metadata database. Threads may share it; a forked child opens one of its own."""

    def __init__(self, engine: Engine, home: Path, secrets: SecretBox) -> None:
        self.engine = engine
        self.home = home
        self.secrets = secrets
        self.xcom_elements = XComElements()
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._reader = (
            engine if self.is_sqlite else engine.execution_options(isolation_level="REPEATABLE READ")
        )
        self._writer = engine.execution_options(etesian_writes=True)
        self._explain = sqlite.explain_error if self.is_sqlite else postgresql.explain_error
        self._driver_error: type[Exception] = engine.dialect.loaded_dbapi.Error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one unchanging state of the database.

        Raises:
            StoreError: the database cannot be read; a subclass says why.
        """
        with self._explained(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection inside one transaction: committed at the end, rolled back by an error.

        On SQLite writers queue for the database when the block is entered, so none fails half-way.

        Raises:
            StoreError: the database cannot be written; a subclass says why. Nothing was stored.
        """
        with self._explained(), self._writer.begin() as connection:
            yield connection

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, self._driver_error) as error:
            raise self._explain(error, self.engine.url) from error
        except OverflowError as error:
            if "SQLite INTEGER" not in str(error):  # of whoever holds the connection
                raise
            raise InvalidValueError("a number is too large to be kept or looked for") from error


def open_store(
    url: str,
    *,
    home: Path,
    synchronous: str = "NORMAL",
    busy_timeout_seconds: float = DEFAULT_BUSY_TIMEOUT_SECONDS,
    pool_size: int = 5,
    secrets: SecretBox | None = None,
) -> Store:
    """Return the store of ``url``; a connection is made when the first one is needed.

    ``sqlite:///relative.db`` and an empty URL are looked for in ``home``. ``synchronous`` is SQLite's own
    setting: ``NORMAL`` survives the crash of any process, ``FULL`` also a power cut. Without ``secrets``,
    the key that encrypts is kept in ``<home>/fernet.key``.

    Raises:
        UnsupportedDatabaseError: the URL is not one of SQLite or PostgreSQL.
        StoreReadOnlyError: the folder of the SQLite file cannot be made.
    """
    parsed = _parse(url, home)
    if parsed.get_backend_name() == "sqlite":
        _make_folder(Path(parsed.database or ""))
        engine = create_engine(
            parsed, connect_args={"check_same_thread": False}, pool_size=pool_size, max_overflow=-1
        )
        sqlite.prepare_engine(engine, synchronous=synchronous, busy_timeout_seconds=busy_timeout_seconds)
    else:
        engine = create_engine(
            parsed,
            connect_args=postgresql.connect_arguments(parsed, busy_timeout_seconds),
            pool_size=pool_size,
            max_overflow=20,
            pool_pre_ping=False,
        )
        postgresql.prepare_engine(engine)
    return Store(engine, home, secrets or SecretBox(home / "fernet.key"))


def _parse(url: str, home: Path) -> URL:
    try:
        parsed = make_url(url or "sqlite:///etesian.db")
    except ArgumentError as error:
        raise UnsupportedDatabaseError(
            "the database URL cannot be read; write sqlite:////path/to/etesian.db or postgresql://user@host/database"
        ) from error
    backend = parsed.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise UnsupportedDatabaseError(
            f"database {backend!r} is not supported; possible: sqlite:////path/to/etesian.db, "
            "postgresql://user@host/database"
        )
    if parsed.database in (None, "", ":memory:"):
        raise UnsupportedDatabaseError(
            "a SQLite database in memory cannot be shared by several processes; name a file, as in "
            "sqlite:////path/to/etesian.db"
        )
    return parsed.set(drivername="sqlite", database=str(home.absolute() / str(parsed.database)))


def _make_folder(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # The file holds what users call secret, if encrypted: its owner alone may read it.
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreReadOnlyError(
            f"the database {str(file)!r} cannot be opened for writing: {error.strerror}; "
            "make the folder writable, or set ETESIAN_HOME or ETESIAN__DATABASE__URL to another place"
        ) from error

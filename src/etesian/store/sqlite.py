"""SQLite: how its connections are set up, and what its errors mean."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine

from etesian.store.errors import (
    StoreBusyError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    StoreUnavailableError,
    UnsupportedDatabaseError,
)

_SYNCHRONOUS: Final = ("OFF", "NORMAL", "FULL", "EXTRA")

#: Words of SQLite's messages, the error to raise, and what the user can do.
_CAUSES: Final = (
    ("disk is full", StoreFullError, "there is no room on the disk; free some space"),
    (
        "readonly database",
        StoreReadOnlyError,
        "the file or its folder is read-only; make it writable for this user",
    ),
    ("read-only", StoreReadOnlyError, "the file or its folder is read-only; make it writable for this user"),
    (
        "unable to open",
        StoreReadOnlyError,
        "the file cannot be opened; check that its folder exists and is writable",
    ),
    ("is locked", StoreBusyError, "another process holds it for too long; see which ones have the file open"),
    (
        "is not a database",
        StoreCorruptError,
        "the file is not a SQLite database; move it away or name another file",
    ),
    ("malformed", StoreCorruptError, "the file is damaged; restore it from a backup"),
    ("no such table", StoreError, "its tables are missing; run `etesian db migrate`"),
    ("no such column", StoreError, "its tables are of another release; run `etesian db migrate`"),
    ("disk i/o error", StoreUnavailableError, "the disk does not answer as it should; see the system's log"),
)


def prepare_engine(engine: Engine, *, synchronous: str, busy_timeout_seconds: float) -> None:
    """Make every connection use the write-ahead log, foreign keys, and transactions that we begin ourselves.

    Raises:
        UnsupportedDatabaseError: ``synchronous`` is not a value that SQLite knows.
    """
    if synchronous.upper() not in _SYNCHRONOUS:
        raise UnsupportedDatabaseError(
            f"database synchronous {synchronous!r} is not possible; choose {', '.join(_SYNCHRONOUS)}"
        )
    pragmas = (
        f"busy_timeout={int(busy_timeout_seconds * 1000)}",
        "journal_mode=WAL",
        f"synchronous={synchronous.upper()}",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "cache_size=-8000",
        "journal_size_limit=67108864",
    )

    def set_up(
        connection: Any, _record: object
    ) -> None:  # Any: the driver's connection, which SQLAlchemy does not type
        connection.isolation_level = None  # the driver must not begin transactions on its own
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    def begin(connection: Connection) -> None:
        # A writer takes the lock now: at its first write it could be refused, because what it read is stale.
        writes = connection.get_execution_options().get("etesian_writes", False)
        driver_connection: Any = connection.connection.dbapi_connection
        driver_connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", set_up)
    event.listen(engine, "begin", begin)


def explain_error(error: Exception, url: URL) -> StoreError:
    """Return our error for one of the driver or of SQLAlchemy."""
    text = str(getattr(error, "orig", None) or error)
    for words, kind, cure in _CAUSES:
        if words in text.lower():
            return kind(f"the database {url.database!r}: {text}; {cure}")
    return StoreError(f"the database {url.database!r} refused a statement: {text}")

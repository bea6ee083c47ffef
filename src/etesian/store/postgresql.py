"""PostgreSQL: how its connections are set up, and what its errors mean."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import DataError

from etesian.store.errors import (
    InvalidValueError,
    StoreBusyError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    StoreUnavailableError,
)

_CONNECT_TIMEOUT_SECONDS: Final = 10
#: A server that a broken network hides is given up after half a minute; the system's own patience is hours.
KEEPALIVE: Final = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}

#: The first characters of a SQLSTATE, the error to raise, and what the user can do.
_CAUSES: Final = (
    ("53100", StoreFullError, "the server's disk is full; free some space there"),
    ("53300", StoreUnavailableError, "the server has no free connection; raise its max_connections"),
    ("55P03", StoreBusyError, "another transaction holds a lock for too long; look at pg_stat_activity"),
    ("40", StoreBusyError, "transactions were in each other's way; try again"),
    ("25006", StoreReadOnlyError, "the server is read-only; connect to the primary one"),
    ("28", StoreUnavailableError, "the server refused the user or the password; check the database URL"),
    ("3D000", StoreUnavailableError, "there is no such database on the server; create it"),
    ("42P01", StoreError, "its tables are missing; run `etesian db migrate`"),
    ("42703", StoreError, "its tables are of another release; run `etesian db migrate`"),
    ("42501", StoreReadOnlyError, "the user has no right to do this; grant it on the database"),
    ("57", StoreUnavailableError, "the server is stopping or ended the connection; try again"),
    ("08", StoreUnavailableError, "the connection broke; try again"),
)


def connect_arguments(url: URL, busy_timeout_seconds: float) -> dict[str, object]:
    """Return what each connection is opened with besides what ``url`` says, which counts more."""
    arguments = {
        "connect_timeout": _CONNECT_TIMEOUT_SECONDS,
        "application_name": "etesian",
        **KEEPALIVE,
        "options": f"{url.query.get('options', '')} -c timezone=UTC -c lock_timeout={int(busy_timeout_seconds * 1000)}",
    }
    return {name: value for name, value in arguments.items() if name == "options" or name not in url.query}


def prepare_engine(engine: Engine) -> None:
    """Let the driver prepare statements from their second use on."""

    def set_up(
        connection: Any, _record: object
    ) -> None:  # Any: the driver's connection, which SQLAlchemy does not type
        connection.prepare_threshold = 2

    event.listen(engine, "connect", set_up)


def explain_error(error: Exception, url: URL) -> StoreError:
    """Return our error for one of the driver or of SQLAlchemy."""
    cause = getattr(error, "orig", None) or error
    if isinstance(error, DataError):
        return InvalidValueError(
            f"a value cannot be kept or looked for: {str(cause).strip().splitlines()[0]}"
        )
    place = f"the database {url.database!r} on {url.host or 'this host'}"
    text = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    state = str(getattr(cause, "sqlstate", None) or "")
    for prefix, kind, cure in _CAUSES:
        if state.startswith(prefix):
            return kind(f"{place}: {text}; {cure}")
    if not state:
        return StoreUnavailableError(
            f"{place} cannot be reached: {text}; check that it runs, and the database URL"
        )
    return StoreError(f"{place} refused a statement: {text}")

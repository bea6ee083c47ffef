"""Bringing the tables of a database to this release: all at once in an empty one, else by Alembic's steps.

Alembic is imported only when there are steps to take, because a start that finds all in order must be quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from etesian.store.database import Store
from etesian.store.errors import SchemaMissingError, SchemaTooNewError, SchemaTooOldError
from etesian.store.queries.pools import insert_default_pool
from etesian.store.tables import metadata

#: The steps of all releases, oldest first. A new file under ``versions`` adds its revision here.
REVISIONS: Final = ("0001", "0002", "0003")
HEAD: Final = REVISIONS[-1]

#: Held while tables are made, so that two first starts on one PostgreSQL do not meet. "etesian" in ASCII.
_MIGRATION_LOCK: Final = 0x6574657369616E


def migrate(store: Store) -> bool:
    """Make the tables fit this release and say whether anything was done.

    Each step is one transaction: when it is interrupted nothing of it remains, and the next call goes on
    from there.

    Raises:
        SchemaTooNewError: the tables are of a later release.
        StoreError: the database cannot be written.
    """
    with store.read() as connection:
        if _current_revision(connection) == HEAD:
            return False
    with store.write() as connection:
        if not store.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        found = _current_revision(connection)
        if found == HEAD:
            return False
        if found is None:
            _create_all(connection)
            return True
    _check_known(found)
    _take_steps(store)
    return True


def check_schema(store: Store) -> None:
    """Do nothing if the tables fit this release.

    Raises:
        SchemaMissingError: there are none.
        SchemaTooOldError: they are of an earlier release.
        SchemaTooNewError: they are of a later release.
    """
    with store.read() as connection:
        found = _current_revision(connection)
    if found is None:
        raise SchemaMissingError(
            f"the database {store.engine.url.database!r} has no tables of Etesian yet; "
            "run `etesian db migrate`"
        )
    if found == HEAD:
        return
    _check_known(found)
    raise SchemaTooOldError(
        f"the database {store.engine.url.database!r} is at revision {found}, this release needs {HEAD}; "
        "run `etesian db migrate`"
    )


def reset(store: Store) -> None:
    """Delete all tables with all they hold, and make them anew, in one transaction."""
    with store.write() as connection:
        metadata.drop_all(connection)
        connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")
        _create_all(connection)


def _check_known(revision: str) -> None:
    if revision not in REVISIONS:
        raise SchemaTooNewError(
            f"the database is at revision {revision}, which this release does not know "
            f"(its newest is {HEAD}); "
            "install the release that made it, or a later one"
        )


def _current_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return revision


def _create_all(connection: Connection) -> None:
    metadata.create_all(connection, checkfirst=False)
    insert_default_pool(connection)
    connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    connection.exec_driver_sql(f"INSERT INTO alembic_version (version_num) VALUES ('{HEAD}')")


def _take_steps(store: Store) -> None:
    from alembic import command  # late: heavy, and needed once per release
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with store.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

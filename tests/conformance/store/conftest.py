"""Every test of this folder runs on each database."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import delete

from etesian.store import Store, open_store
from etesian.store.queries.pools import insert_default_pool
from etesian.store.schema import migrate
from etesian.store.tables import metadata
from tests.servers.postgresql import PostgresqlServer

DATABASES = [pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """Name the database that the test runs on."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a SQLite file with our tables, to be copied for each test."""
    home = tmp_path_factory.mktemp("template")
    store = open_store("", home=home)
    migrate(store)
    store.dispose()
    return home / "etesian.db"


@pytest.fixture(scope="session")
def postgresql_with_tables(
    postgresql_server: PostgresqlServer, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Give the URL of a PostgreSQL database with our tables, to be emptied after each test."""
    url = postgresql_server.url(postgresql_server.create_database())
    store = open_store(url, home=tmp_path_factory.mktemp("template"))
    migrate(store)
    store.dispose()
    return url


@pytest.fixture
def empty_url(database: str, request: pytest.FixtureRequest) -> str:
    """Give the URL of a database without tables."""
    if database == "sqlite":
        return ""
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def home() -> Iterator[Path]:
    """Make a home whose path is short enough for sockets, so that nothing is left outside it."""
    with TemporaryDirectory(prefix="etesian-") as name:
        yield Path(name)


@pytest.fixture
def store(database: str, request: pytest.FixtureRequest, home: Path) -> Iterator[Store]:
    """Open a store whose database has our tables and nothing else."""
    if database == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), home / "etesian.db")
        opened = open_store("", home=home)
        yield opened
    else:
        opened = open_store(request.getfixturevalue("postgresql_with_tables"), home=home)
        yield opened
        _empty(opened)
    opened.dispose()


def _empty(store: Store) -> None:
    """Leave what a fresh database has. Much faster than to make one."""
    with store.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
        insert_default_pool(connection)


@pytest.fixture
def make_key() -> Callable[[], str]:
    """Give a function that makes encryption keys."""
    return lambda: Fernet.generate_key().decode()

"""Every test of this folder runs on each database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from etesian.store import Store, open_store
from etesian.store.schema import migrate
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
def postgresql_template(postgresql_server: PostgresqlServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make a PostgreSQL database with our tables, to be copied for each test."""
    name = postgresql_server.create_database()
    store = open_store(postgresql_server.url(name), home=tmp_path_factory.mktemp("template"))
    migrate(store)
    store.dispose()
    return name


@pytest.fixture
def empty_url(database: str, request: pytest.FixtureRequest) -> str:
    """Give the URL of a database without tables."""
    if database == "sqlite":
        return ""
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def store(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Open a store whose database has our tables and nothing else."""
    if database == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "etesian.db")
        opened = open_store("", home=tmp_path)
        yield opened
        opened.dispose()
    else:
        server: PostgresqlServer = request.getfixturevalue("postgresql_server")
        name = server.create_database(template=request.getfixturevalue("postgresql_template"))
        opened = open_store(server.url(name), home=tmp_path)
        yield opened
        opened.dispose()
        server.drop_database(name)

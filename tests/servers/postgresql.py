"""A real PostgreSQL server on loopback for the session, and an empty database for each test that asks.

The server's programs are looked for on PATH and where Debian puts them; as root on Debian they are installed
when they are missing. Where there are none, the tests that need them are skipped and say so.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from tests.e2e.harness import find_free_port

_INITDB_OPTIONS = ("--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync")
#: Nothing here has to survive a crash, so the server need not wait for the disk.
_SERVER_OPTIONS = (
    "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "jit=off",
    "-c", "max_connections=200", "-c", "shared_buffers=64MB",
)  # fmt: skip
INSTALL_TIMEOUT_SECONDS = 300
START_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class PostgresqlServer:
    """A running server, whose one user needs no password."""

    port: int
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def create_database(self) -> str:
        """Make an empty database and return its name."""
        name = f"test_{next(self._numbers)}"
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return name

    def drop_database(self, name: str) -> None:
        """Delete a database, also when somebody is still connected to it."""
        with self.connect() as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """Return a connection to the server's own database."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="etesian", dbname="postgres", autocommit=True
        )

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://etesian@127.0.0.1:{self.port}/{database}"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """Start a server in a temporary folder, and stop it at the end."""
    programs = _find_programs()
    if programs is None:
        pytest.skip("POSTGRESQL IS MISSING: these tests need its server (Debian: apt-get install postgresql)")
    with _own_folder() as (folder, user), _running_server(programs, folder, user) as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """Give the URL of an empty database, deleted after the test."""
    name = postgresql_server.create_database()
    yield postgresql_server.url(name)
    postgresql_server.drop_database(name)


def _find_programs() -> Path | None:
    found = _look_for_programs()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-y", "-q", "postgresql"]):
            subprocess.run(
                command, env=environment, timeout=INSTALL_TIMEOUT_SECONDS, check=False, capture_output=True
            )
        found = _look_for_programs()
    return found


def _look_for_programs() -> Path | None:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def _own_folder() -> Iterator[tuple[Path, str | None]]:
    """Make a folder for the server, and name the user it runs as: never root, which PostgreSQL refuses to be.

    Not one of pytest's folders, since those can be entered by the user who runs the tests only.
    """
    with TemporaryDirectory(prefix="etesian-postgresql-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if os.geteuid() != 0:
            yield folder, None
            return
        known = {entry.pw_name for entry in pwd.getpwall()}
        user = next(name for name in ("postgres", "nobody") if name in known)
        shutil.chown(folder, user)
        yield folder, user


@contextmanager
def _running_server(programs: Path, folder: Path, user: str | None) -> Iterator[PostgresqlServer]:
    data = str(folder / "data")
    port = find_free_port()
    _run([str(programs / "initdb"), "-D", data, "-U", "etesian", *_INITDB_OPTIONS], user)
    options = ["-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", "", *_SERVER_OPTIONS]
    with (folder / "log").open("wb") as log:
        command = [str(programs / "postgres"), *options]
        process = subprocess.Popen(command, stdout=log, stderr=log, user=user, cwd=folder)
        try:
            server = PostgresqlServer(port)
            _wait_until_ready(server, process, folder / "log")
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # ends what tests may have left open
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _run(command: list[str], user: str | None) -> None:
    done = subprocess.run(command, user=user, capture_output=True, text=True, cwd="/", check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip()}")


def _wait_until_ready(server: PostgresqlServer, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(START_TIMEOUT_SECONDS * 20):
        if process.poll() is not None:
            raise RuntimeError(f"PostgreSQL ended at once: {log.read_text()[-2000:]}")
        try:
            server.connect().close()
            return
        except psycopg.OperationalError:
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
    raise RuntimeError(
        f"PostgreSQL did not answer within {START_TIMEOUT_SECONDS} s: {log.read_text()[-2000:]}"
    )

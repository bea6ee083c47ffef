"""A real PostgreSQL server on loopback for the session, and an empty database for each test that asks.

The server's programs are looked for on PATH and where Debian puts them; as root on Debian they are installed when they
are missing. Where there are none, the tests that need them are skipped and say so.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest

from tests.e2e.harness import find_free_port

INSTALL_TIMEOUT_SECONDS = 300
START_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class PostgresqlServer:
    """A running server, whose one user needs no password."""

    port: int
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def create_database(self, template: str = "template1") -> str:
        """Make a copy of the database ``template``, which is an empty one, and return its name."""
        name = f"test_{next(self._numbers)}"
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
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
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresqlServer]:
    """Start a server in a temporary folder, and stop it at the end."""
    programs = _find_programs()
    if programs is None:
        pytest.skip(
            "POSTGRESQL IS MISSING: install its server (Debian: apt-get install postgresql) to run these tests"
        )
    folder = tmp_path_factory.mktemp("postgresql")
    user = _unprivileged_user(folder)
    data = folder / "data"
    _run(
        [
            str(programs / "initdb"),
            "-D",
            str(data),
            "-U",
            "etesian",
            "--auth=trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--locale=C",
        ],
        user,
    )
    port = find_free_port()
    with (folder / "log").open("wb") as log:
        # Nothing here has to survive a crash, so the server need not wait for the disk.
        process = subprocess.Popen(
            [
                str(programs / "postgres"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", "",
                "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off",
                "-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "jit=off",
            ],
            stdout=log, stderr=log, user=user, cwd=folder,
        )  # fmt: skip
        try:
            server = PostgresqlServer(port)
            _wait_until_ready(server, process, folder / "log")
            yield server
        finally:
            process.terminate()  # SIGTERM lets open sessions end by themselves; those of tests are closed by now
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


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


def _unprivileged_user(folder: Path) -> str | None:
    """Return the user to run as, and give it the folder; None when this process is not root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    user = next(name for name in ("postgres", "nobody") if name in known)
    shutil.chown(folder, user)
    # The folders above belong to root, and the server must be able to pass through them.
    for parent in folder.parents:
        if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    return user


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

"""A real MariaDB server on loopback, for connections of type mysql."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.harness import find_free_port
from tests.servers.programs import need_program, running

USER = "etesian"
PASSWORD = "p@ss:word/1"
DATABASE = "shop"
_SETUP = f"""
CREATE DATABASE {DATABASE};
CREATE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON *.* TO '{USER}'@'%';
FLUSH PRIVILEGES;
"""


@contextmanager
def running_mariadb() -> Iterator[int]:
    """Start a server with one user and one database, give its port, and stop it at the end."""
    server = need_program("mariadbd", debian="mariadb-server")
    install = need_program("mariadb-install-db", debian="mariadb-server")
    # Not one of pytest's folders: those can be entered by the user who runs the tests only.
    with TemporaryDirectory(prefix="etesian-mariadb-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        account = _account(folder)
        data = [f"--datadir={folder / 'data'}", f"--tmpdir={folder}"]
        done = subprocess.run(
            [
                install,
                "--no-defaults",
                *data,
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                *account,
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{install} failed: {done.stdout[-1000:]} {done.stderr[-1000:]}")
        setup = folder / "setup.sql"
        setup.write_text(_SETUP)
        setup.chmod(0o644)
        port = find_free_port()
        options = [
            *data, *account, f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}",
            f"--init-file={setup}", f"--pid-file={folder / 'pid'}", "--innodb-flush-log-at-trx-commit=0",
        ]  # fmt: skip
        with running([server, "--no-defaults", *options], port=port, log=folder / "log"):
            yield port


def _account(folder: Path) -> list[str]:
    """Return the option that names the user the server runs as: never root, which it refuses to be."""
    if os.geteuid() != 0:
        return []
    known = {entry.pw_name for entry in pwd.getpwall()}
    user = next(name for name in ("mysql", "nobody") if name in known)
    shutil.chown(folder, user)
    return [f"--user={user}"]

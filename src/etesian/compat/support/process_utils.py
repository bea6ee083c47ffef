"""Programs and the environment, as provider hooks use them."""

from __future__ import annotations

import getpass
import hashlib
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from logging import getLogger

logger = getLogger(__name__)


@contextmanager
def patch_environ(new_env_variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment and put the old ones back at the end."""
    before = {name: os.environ.get(name) for name in new_env_variables}
    os.environ.update(new_env_variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def execute_in_subprocess(
    cmd: Sequence[str], cwd: str | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Run a program, log what it prints, raise when it fails.

    Raises:
        subprocess.CalledProcessError: its exit code is not 0.
    """
    logger.info("executing %s", " ".join(cmd))
    done = subprocess.run(
        cmd, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    for line in done.stdout.splitlines():
        logger.info("%s", line)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, cmd)


def getuser() -> str:
    """Return the name of the user that runs this process; its number if it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def md5(data: bytes = b"") -> hashlib._Hash:
    """Return an MD5 for naming things, never for security."""
    return hashlib.md5(data, usedforsecurity=False)

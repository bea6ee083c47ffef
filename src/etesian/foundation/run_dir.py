"""Where the sockets of one installation live: short enough for a unix socket, private to its user."""

from __future__ import annotations

import os
import stat
import tempfile
from hashlib import blake2b
from pathlib import Path
from typing import Final

from etesian.foundation.errors import EtesianError

#: Linux allows 107 bytes of path for a unix socket; the rest is for the names below the run directory.
MAX_RUN_DIRECTORY_BYTES: Final = 60


class RunDirectoryError(EtesianError):
    """The folder for sockets cannot be made, or belongs to somebody else."""


def run_directory(home: Path) -> Path:
    """Return the folder for the sockets of the installation in ``home``, made with mode 0700 if missing.

    It is ``<home>/run``. Where that path is too long for sockets below it, it is a folder under the
    temporary directory, named after the user and a hash of the home, so that all processes of one home find
    the same one.

    Raises:
        RunDirectoryError: it cannot be made, or the folder found there is not a private one of this user.
    """
    home = home.absolute()
    inside = home / "run"
    if len(os.fsencode(inside)) <= MAX_RUN_DIRECTORY_BYTES:
        return _make_private(inside)
    name = blake2b(os.fsencode(home), digest_size=8).hexdigest()
    return _make_private(Path(tempfile.gettempdir()) / f"etesian-{os.getuid()}-{name}")


def _make_private(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise RunDirectoryError(
            f"cannot make the folder {str(folder)!r} for sockets: {error.strerror}; "
            "make its parent folder writable, or set ETESIAN_HOME to a folder that is"
        ) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise RunDirectoryError(
            f"{str(folder)!r} should be a folder of user {os.getuid()} for sockets, but is not; remove it"
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)
    return folder

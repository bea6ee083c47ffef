"""One ``standalone`` per home: a lock that the kernel gives back when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from etesian.foundation.errors import EtesianError


class HomeInUseError(EtesianError):
    """Another process runs the platform on this home."""


class HomeLock:
    """Holds ``<home>/standalone.lock`` until released or until the process ends."""

    def __init__(self, home: Path) -> None:
        """Take the lock.

        Raises:
            HomeInUseError: another process holds it; its pid is named.
            EtesianError: the home cannot be written.
        """
        path = home / "standalone.lock"
        try:
            home.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileExistsError as error:
            raise EtesianError(
                f"the home {str(home)!r} is not a folder; choose one with ETESIAN_HOME"
            ) from error
        except OSError as error:
            raise EtesianError(
                f"the home {str(home)!r} cannot be written: {error.strerror}; "
                "make it writable or choose another one with ETESIAN_HOME"
            ) from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._fd, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._fd)
            raise HomeInUseError(
                f"another etesian standalone (pid {holder}) is running on the home {str(home)!r}; "
                "stop it first, or set ETESIAN_HOME to another folder"
            ) from None
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the home back."""
        os.close(self._fd)

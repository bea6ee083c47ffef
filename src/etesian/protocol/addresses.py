"""Where the processes of one host meet."""

from __future__ import annotations

from pathlib import Path

from etesian.foundation.run_dir import run_directory


def worker_socket_path(home: Path) -> Path:
    """Return the unix socket on which the worker of an installation listens for its scheduler."""
    return run_directory(home) / "worker.sock"

"""Files and folders, as ``airflow.utils.file`` has them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

__all__ = ["TemporaryDirectory", "correct_maybe_zipped", "get_unique_dag_module_name", "mkdirs"]


def get_unique_dag_module_name(file_path: str) -> str:
    """Return a module name that belongs to one file alone."""
    digest = hashlib.sha1(file_path.encode(), usedforsecurity=False).hexdigest()
    return f"unusual_prefix_{digest}_{Path(file_path).stem}"


def correct_maybe_zipped(fileloc: str) -> str:
    """Return the archive's path for a file inside a zip archive, else the path itself."""
    archive, inside, _ = fileloc.partition(".zip/")
    return f"{archive}.zip" if inside else fileloc


def mkdirs(path: str, mode: int) -> None:
    """Make a folder and those above it."""
    Path(path).mkdir(mode=mode, parents=True, exist_ok=True)

"""Which files of a bundle are DAG files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from etesian.foundation.errors import EtesianError
from etesian.sdk.dags.ignore_files import (
    AIRFLOW_IGNORE,
    ETESIAN_IGNORE,
    IgnoreRule,
    IgnoreSyntax,
    is_ignored,
    parse_ignore_file,
)

#: Folders that hold no DAGs of the user's, whatever is in them.
_SKIPPED_FOLDERS: Final = frozenset({"__pycache__", "node_modules", "site-packages"})
_SUFFIXES: Final = (".py", ".zip")
#: A file larger than this is looked at only by its beginning when it is searched for the words of safe mode.
_SAFE_MODE_BYTES: Final = 16 * 1024 * 1024


class BundleUnreadableError(EtesianError):
    """A bundle's folder is not there or cannot be listed. What it defined before stays."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder = folder
        super().__init__(
            f"the DAG folder {str(folder)!r} cannot be read: {reason}; its DAGs stay as they were"
        )


def find_dag_files(folder: Path, syntax: IgnoreSyntax = "glob") -> list[str]:
    """Return the files below ``folder`` that may define DAGs, relative to it, sorted.

    Hidden folders, virtual environments and what the ignore files name are left out. Links are followed; a
    folder that is reached twice is listed once.

    Raises:
        BundleUnreadableError: the folder itself cannot be listed.
    """
    try:
        with os.scandir(folder):
            pass
    except OSError as error:
        raise BundleUnreadableError(folder, error.strerror or str(error)) from error
    return sorted(_walk(folder, "", (), syntax, set()))


def mentions_dags(content: bytes) -> bool:
    """Return whether a file's text speaks of DAGs at all; one that does not is not imported (safe mode)."""
    text = content[:_SAFE_MODE_BYTES].lower()
    return (b"dag" in text or b"asset" in text) and (b"airflow" in text or b"etesian" in text)


def _walk(
    folder: Path, base: str, rules: tuple[IgnoreRule, ...], syntax: IgnoreSyntax, seen: set[tuple[int, int]]
) -> Iterator[str]:
    try:
        identity = folder.stat()
        with os.scandir(folder) as found:
            entries = list(found)
    except OSError:
        return  # it went away, or is not ours to read
    if (identity.st_dev, identity.st_ino) in seen:
        return
    seen.add((identity.st_dev, identity.st_ino))
    names = {entry.name for entry in entries}
    if base and "pyvenv.cfg" in names:
        return
    rules += tuple(_read_rules(folder, base, names, syntax))
    for entry in entries:
        path = base + entry.name
        if _is_folder(entry):
            if not _is_skipped(entry.name) and not is_ignored(rules, path, is_folder=True):
                yield from _walk(folder / entry.name, f"{path}/", rules, syntax, seen)
        elif entry.name.endswith(_SUFFIXES) and not is_ignored(rules, path, is_folder=False):
            yield path


def _read_rules(folder: Path, base: str, names: set[str], syntax: IgnoreSyntax) -> Iterator[IgnoreRule]:
    syntaxes: dict[str, IgnoreSyntax] = {AIRFLOW_IGNORE: syntax, ETESIAN_IGNORE: "glob"}
    for name, its_syntax in syntaxes.items():
        if name in names:
            try:
                text = (folder / name).read_text("utf-8", errors="replace")
            except OSError:
                continue
            yield from parse_ignore_file(text, base, its_syntax)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_skipped(name: str) -> bool:
    return name.startswith(".") or name in _SKIPPED_FOLDERS

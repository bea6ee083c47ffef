"""Whether files changed: by a cheap look at the file system first, by content when that look differs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

MISSING: Final = "missing"


class _Signature(NamedTuple):
    """What changes with every write, rename or replacement; nobody can forge the change time."""

    changed_ns: int
    size: int
    inode: int
    device: int


class Fingerprints:
    """Content hashes of the files and folders of one bundle, remembered while they stay untouched.

    A folder's content is the list of its names.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[_Signature, str]] = {}

    def move_to(self, folder: Path) -> None:
        """Look at another folder from now on, which has most of the same content."""
        self._folder = folder

    def of(self, path: str) -> str:
        """Return the content hash of a path relative to the bundle; ``MISSING`` if it cannot be read."""
        full = self._folder / path
        try:
            signature = _signature(full)
            known = self._known.get(path)
            if known is None or known[0] != signature:
                known = self._known[path] = (signature, _hash_content(full))
        except OSError:
            self._known.pop(path, None)
            return MISSING
        return known[1]

    def of_all(self, paths: Iterable[str]) -> str:
        """Return one hash over several paths and their contents, in any order."""
        digest = blake2b(digest_size=16)
        for path in sorted(set(paths)):
            digest.update(f"{path}\0{self.of(path)}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def changed_since(self, paths: Iterable[str], moment_ns: int) -> bool:
        """Return whether one of the paths was written at or after a moment, in nanoseconds of the epoch."""
        for path in paths:
            try:
                if _signature(self._folder / path).changed_ns >= moment_ns:
                    return True
            except OSError:
                continue
        return False

    def forget_except(self, paths: set[str]) -> None:
        """Drop what is remembered of paths that nobody asks for any more."""
        for path in self._known.keys() - paths:
            del self._known[path]


def _signature(path: Path) -> _Signature:
    status = path.stat()
    return _Signature(status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev)


def _hash_content(path: Path) -> str:
    digest = blake2b(digest_size=16)
    if path.is_dir():
        names = sorted(entry.name for entry in path.iterdir() if entry.name != "__pycache__")
        digest.update(os.fsencode("\0".join(names)))  # names need not be UTF-8
    else:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()

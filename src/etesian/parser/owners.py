"""Which file a dag_id belongs to. Two files that define one are an error; the first one keeps it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class FileKey(NamedTuple):
    """One DAG file."""

    bundle: str
    file: str

    def __str__(self) -> str:
        return self.file if self.bundle == "dags" else f"{self.file} of bundle {self.bundle}"


class DagOwners:
    """Remembers which file defines which DAG, and which files were refused because of another."""

    def __init__(self, known: Mapping[str, FileKey]) -> None:
        """``known`` are the owners as they were stored, by dag_id."""
        self._owners = dict(known)
        self._dag_ids: defaultdict[FileKey, set[str]] = defaultdict(set)
        self._refused: defaultdict[str, set[FileKey]] = defaultdict(set)
        for dag_id, key in known.items():
            self._dag_ids[key].add(dag_id)

    def claim(self, dag_id: str, key: FileKey) -> FileKey | None:
        """Give a dag_id to a file and return None; or return the other file that has it."""
        owner = self._owners.setdefault(dag_id, key)
        if owner != key:
            self._refused[dag_id].add(key)
            return owner
        self._dag_ids[key].add(dag_id)
        return None

    def keep_only(self, key: FileKey, dag_ids: Iterable[str]) -> tuple[set[str], set[FileKey]]:
        """Take from a file the DAGs that it no longer defines.

        Returns them, and the files that were refused one of them before and should be parsed again.
        """
        gone = self.dag_ids_of(key) - set(dag_ids)
        waiting: set[FileKey] = set()
        for dag_id in gone:
            del self._owners[dag_id]
            waiting |= self._refused.pop(dag_id, set())
        self._dag_ids[key] -= gone
        if not self._dag_ids[key]:
            del self._dag_ids[key]
        return gone, waiting - {key}

    def dag_ids_of(self, key: FileKey) -> set[str]:
        """Return the DAGs of a file."""
        return set(self._dag_ids.get(key, ()))

    def files(self) -> set[FileKey]:
        """Return the files that have DAGs."""
        return set(self._dag_ids)

"""Finds DAGs that are defined differently each time that their file is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from etesian.spec.codec import compute_hash, decode_dag

#: A DAG made from a Variable may change now and then; one that changes each time does it by itself.
_CHANGES_IN_A_ROW: Final = 3


@dataclass(slots=True)
class _Seen:
    code_hash: str
    version_hash: str
    changes: int = 0  #: in a row, while the code stayed the same


class StabilityWatch:
    """Compares each DAG with itself, as it was when the same code was read before."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def is_restless(self, dag_id: str, spec: bytes | str, code_hash: str) -> bool:
        """Return whether a DAG has just changed for the third time in a row although its code did not.

        That is said once; and again when the code has changed.
        """
        version_hash = compute_hash(decode_dag(spec))
        before = self._seen.get(dag_id)
        if before is None or before.code_hash != code_hash:
            self._seen[dag_id] = _Seen(code_hash, version_hash)
            return False
        before.changes = before.changes + 1 if version_hash != before.version_hash else 0
        before.version_hash = version_hash
        return before.changes == _CHANGES_IN_A_ROW

    def forget(self, dag_id: str) -> None:
        """Drop what is known of a DAG that is gone."""
        self._seen.pop(dag_id, None)

"""How two versions of a DAG differ, in plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from etesian.spec.codec import encode_dag
from etesian.spec.dag import DagSpec

#: What is compared item by item, and the field that names an item.
_NAMED: Final[Mapping[str, str]] = {"tasks": "task_id", "groups": "group_id"}


class SpecChange(NamedTuple):
    """One difference. A value that is None on one side was not there, or was left at its default."""

    path: str  #: what differs, such as ``tasks.load.retries``
    old: Any  # Any: plain values, as in JSON
    new: Any


def diff_specs(old: DagSpec, new: DagSpec) -> list[SpecChange]:
    """Return what was added, removed and changed from one version to another, by path.

    That a task moved to another line of its file is left out.

    >>> diff_specs(DagSpec(dag_id="d", file="d.py"), DagSpec(dag_id="d", file="d.py", tags=("new",)))
    [SpecChange(path='tags', old=None, new=['new'])]
    """
    return list(_diff("", _plain(old), _plain(new)))


def _plain(spec: DagSpec) -> dict[str, Any]:
    """Return a spec as plain values, with tasks and groups by name: their order means nothing."""
    found: dict[str, Any] = msgspec.json.decode(encode_dag(spec))
    for field, name in _NAMED.items():
        found[field] = {item.pop(name): _without_line(item) for item in found.get(field, ())}
    return found


def _diff(path: str, old: Any, new: Any) -> Iterator[SpecChange]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _diff(f"{path}.{key}" if path else key, old.get(key), new.get(key))
    elif old != new:
        yield SpecChange(path, old, new)


def _without_line(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != "line"}

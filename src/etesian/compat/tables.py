"""Looking a module up in the tables of ``names``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from etesian.compat.names import authoring, exceptions, operators

_SOURCES = (authoring, exceptions, operators)


@cache
def _all_tables() -> Mapping[str, Mapping[str, str]]:
    merged: dict[str, dict[str, str]] = {}
    for source in _SOURCES:
        for name, table in source.MODULES.items():
            merged.setdefault(name, {}).update(table)
    return merged


@cache
def _parents() -> frozenset[str]:
    return frozenset(name.rpartition(".")[0] for name in _all_tables())


def find_table(fullname: str) -> Mapping[str, str] | None:
    """Return the names of a module; None when it is not one of ours."""
    return _all_tables().get(fullname)


def has_children(fullname: str) -> bool:
    """Return whether the tables have modules below this one."""
    return fullname in _parents() or fullname == "airflow"


def suggest(module: str, name: str) -> str:
    """Return what to say of a name that a module does not have."""
    return f"module {module!r} has no name {name!r} in Etesian"

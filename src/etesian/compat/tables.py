"""Looking a module up in the tables of ``names``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from etesian.compat.names import authoring, exceptions, older, operators, runtime, sdk

_SOURCES = (authoring, exceptions, operators, runtime, sdk, older)
Tables = Mapping[str, Mapping[str, str]]


@cache
def _tables() -> Tables:
    merged: dict[str, dict[str, str]] = {}
    for source in _SOURCES:
        for name, table in source.MODULES.items():
            merged.setdefault(name, {}).update(table)
    return merged


@cache
def _moved() -> Tables:
    """Return names that moved into provider packages after 1.10: a larger table."""
    return read_names("moved.json")


@cache
def _passed_on() -> Tables:
    """Return names that Airflow's modules have because they import them themselves: many, and few files use one."""
    return read_names("passed_on.json")


def find_passed_on(fullname: str, name: str) -> str | None:
    """Return the place of what Airflow's module merely imports, as ``airflow.utils.dates`` does ``timedelta``."""
    return _passed_on().get(fullname, {}).get(name)


def read_names(file: str) -> Tables:
    """Return one of the larger tables, which are kept as JSON."""
    text = (Path(__file__).parent / "names" / file).read_text(encoding="utf-8")
    return {
        f"airflow.{module}": {name: _full(place) for name, place in table.items()}
        for module, table in json.loads(text).items()
    }


def _full(place: str) -> str:
    """Return a place of a larger table in full: it leaves ``airflow.`` out; those elsewhere begin with ``@``."""
    return place[1:] if place.startswith("@") else f"airflow.{place}"


@cache
def _parents() -> frozenset[str]:
    parts = [name.split(".") for name in (*_tables(), *_moved())]
    return frozenset(".".join(names[:end]) for names in parts for end in range(1, len(names)))


def find_table(fullname: str) -> Mapping[str, str] | None:
    """Return the names of a module; None when it is not one of ours."""
    own, moved = _tables().get(fullname), _moved().get(fullname)
    if own is None and moved is None:
        return {} if has_children(fullname) else None
    return {**(moved or {}), **(own or {})}


def has_children(fullname: str) -> bool:
    """Return whether the tables have modules below this one."""
    return fullname in _parents()

"""Entry points by group, read once per process."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

PLUGINS = "airflow.plugins"
POLICIES = "airflow.policy"


def find_entry_points(group: str) -> tuple[EntryPoint, ...]:
    """Return the entry points of a group."""
    return tuple(_read().select(group=group))


@cache
def _read() -> Any:  # Any: another class in each version of Python
    """Read those of all distributions: one group takes as long as all."""
    return entry_points()

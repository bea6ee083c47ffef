"""Entry points by group, read once per process."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

PLUGINS = "airflow.plugins"
POLICIES = "airflow.policy"


@cache
def find_entry_points(group: str) -> tuple[EntryPoint, ...]:
    """Return the entry points of a group."""
    return tuple(entry_points(group=group))

"""Cleaning tables: there are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from .database import needing_database


def __getattr__(name: str) -> Callable[..., NoReturn]:
    if not name.startswith("clear_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return needing_database(name)

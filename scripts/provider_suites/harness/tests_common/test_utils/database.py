"""Helpers that only make sense with Airflow's metadata database: their tests are skipped when they call one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import pytest


def needing_database(name: str) -> Callable[..., NoReturn]:
    """Return a function that skips the test which calls it."""

    def skip(*args: object, **options: object) -> NoReturn:
        pytest.skip(f"{name}() needs Airflow's metadata database")

    return skip

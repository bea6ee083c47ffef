from __future__ import annotations

from collections.abc import Iterator

import pytest

from etesian import compat


@pytest.fixture(autouse=True)
def airflow() -> Iterator[None]:
    """Let ``import airflow`` give ours for the test."""
    compat.install()
    yield
    compat.uninstall()

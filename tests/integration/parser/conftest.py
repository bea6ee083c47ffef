"""A platform for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.parser.platform import Platform


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """Give a platform without files."""
    found = Platform(tmp_path)
    yield found
    found.store.dispose()

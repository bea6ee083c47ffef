"""What unit tests of tasks share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.memory_platform import MemoryPlatform, using_platform


@pytest.fixture
def platform() -> Iterator[MemoryPlatform]:
    """A platform in memory that user code reaches."""
    with using_platform(MemoryPlatform()) as found:
        yield found

"""Message queues: what the tests of providers of one need."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

mark_common_msg_queue_test = pytest.mark.skipif(
    find_spec("airflow.providers.common.messaging") is None, reason="common.messaging is not installed"
)


@pytest.fixture
def collect_queue_param_deprecation_warning() -> Iterator[None]:
    """Let the deprecated parameter ``queue`` be used without failing the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield

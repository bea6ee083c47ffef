"""Settings for the length of a test."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest import mock


@contextmanager
def conf_vars(overrides: Mapping[tuple[str, str], str | None]) -> Iterator[None]:
    """Give settings other values, through the environment; None takes one away."""
    names = {
        f"AIRFLOW__{section.upper()}__{key.upper()}": value for (section, key), value in overrides.items()
    }
    with mock.patch.dict(os.environ):
        for name, value in names.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = str(value)
        yield

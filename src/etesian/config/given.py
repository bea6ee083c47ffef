"""One value that somebody set."""

from __future__ import annotations

from typing import NamedTuple


class Given(NamedTuple):
    """A setting as it was written down."""

    section: str
    key: str
    value: object
    source: str  #: the environment variable or the file, for messages

"""Comparisons."""

from __future__ import annotations


def assert_equal_ignore_multiple_spaces(first: str, second: str, msg: str | None = None) -> None:
    """Compare two texts; any white space equals any other."""
    assert first.split() == second.split(), msg

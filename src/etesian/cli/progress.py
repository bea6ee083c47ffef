"""Showing that long work goes on: to people only, on standard error, and gone when it is done."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def show_progress(items: Iterable[T], what: str, *, total: int | None = None) -> Iterator[T]:
    """Yield the items, with a bar that follows them if somebody watches; without ``total`` it only moves."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, description=what, total=total, console=Console(stderr=True), transient=True)

"""Searching by part of a name, by a span of time, or by state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import ColumnElement


def like(
    column: ColumnElement[Any], pattern: str
) -> ColumnElement[bool]:  # Any: text, as the database sees it
    """Return whether a name has ``pattern`` in it or, where that holds a ``%``, is LIKE it in SQL's sense."""
    if "%" in pattern:
        return column.ilike(pattern)
    return column.icontains(pattern, autoescape=True)


class Between(msgspec.Struct, frozen=True, kw_only=True):
    """A span of time; None leaves that end open."""

    since: datetime | None = None  #: this moment or later
    until: datetime | None = None  #: this moment or earlier
    after: datetime | None = None  #: later than this moment
    before: datetime | None = None  #: earlier than this moment

    def conditions(self, column: ColumnElement[Any]) -> Iterator[ColumnElement[bool]]:  # Any: a moment
        """Yield what a column must satisfy to lie in the span."""
        if self.since is not None:
            yield column >= self.since
        if self.until is not None:
            yield column <= self.until
        if self.after is not None:
            yield column > self.after
        if self.before is not None:
            yield column < self.before


def among_states(
    column: ColumnElement[Any],  # Any: a state
    states: Iterable[StrEnum] | None,
    indexed: Sequence[tuple[frozenset[StrEnum], ColumnElement[bool]]],
) -> Iterator[ColumnElement[bool]]:
    """Yield what a row must satisfy to be in one of ``states``; nothing for None.

    ``indexed`` holds the conditions of partial indexes with the states that they cover. Databases use such
    an index only if its condition stands in the query, so it is added where it changes nothing.
    """
    if states is None:
        return
    wanted = frozenset(states)
    yield column.in_(sorted(wanted))
    yield from (condition for covered, condition in indexed if wanted <= covered)

"""One page of a list, and how lists are ordered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, Select, func, literal_column, select

from etesian.store.errors import StoreError

T = TypeVar("T")

#: Counting stops here: past it a list is "many", and its length would cost more than its page.
MAX_COUNT: Final = 100_000


class InvalidOrderError(StoreError):
    """A list cannot be ordered by that."""


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some items of a list, and how many there are in all."""

    items: list[T]
    total: int  #: exact up to ``MAX_COUNT``, and ``MAX_COUNT`` when there are more


class Paging(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a list is wanted, in which order."""

    limit: int = 100
    offset: int = 0
    order_by: Sequence[str] = ()  #: names of fields; a ``-`` before one reverses it


def count_up_to(connection: Connection, statement: Select[Any]) -> int:
    """Return how many rows a query would give, at most ``MAX_COUNT``."""
    counted: Select[Any] = (  # Any: a one for each row
        statement.with_only_columns(literal_column("1"), maintain_column_froms=True)
        .order_by(None)
        .limit(MAX_COUNT)
    )
    return connection.execute(select(func.count()).select_from(counted.subquery())).scalar_one()


def order_columns(
    order_by: Sequence[str], columns: Mapping[str, ColumnElement[Any]], *, last: ColumnElement[Any]
) -> list[ColumnElement[Any]]:
    """Return the columns to order by; ``last`` makes the order total, in the direction of the first one.

    Rows without a value come last when the newest or highest come first, and first otherwise, on both
    databases.

    Raises:
        InvalidOrderError: a name is not one of ``columns``.
    """
    found: list[ColumnElement[Any]] = []
    for name in order_by:
        column = columns.get(name.removeprefix("-"))
        if column is None:
            raise InvalidOrderError(
                f"the list cannot be ordered by {name.removeprefix('-')!r}; "
                f"possible: {', '.join(sorted(columns))}"
            )
        found.append(_directed(column, descends=name.startswith("-")))
    descends = bool(order_by) and order_by[0].startswith("-")
    return [*found, last.desc() if descends else last.asc()]


def _directed(column: ColumnElement[Any], *, descends: bool) -> ColumnElement[Any]:
    directed = column.desc() if descends else column.asc()
    if isinstance(column, Column) and not column.nullable:
        return directed  # saying where rows without a value go would keep PostgreSQL from using an index
    return directed.nulls_last() if descends else directed.nulls_first()

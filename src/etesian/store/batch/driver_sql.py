"""Statements for the scheduler's write path, handed straight to the database's driver.

A batch of the scheduler is a handful of known statements, run hundreds of times a second. SQLAlchemy's work
per statement would cost more than the database does, so these are written once per driver, and values pass
through SQLAlchemy's own column types once per row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, Final, TypeAlias

from sqlalchemy import Dialect, Table

Row: TypeAlias = Sequence[Any]  # Any: whatever the driver binds


class DriverSql:
    """Writes SQL with the placeholders of one driver, and turns values into what that driver binds."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect: Final = dialect
        self._mark: Final = "?" if dialect.name == "sqlite" else "%s"

    def text(self, sql: str) -> str:
        """Return hand-written SQL, its ``?`` replaced by the driver's placeholder."""
        return sql.replace("?", self._mark)

    def insert(self, table: Table, columns: Sequence[str]) -> str:
        """Return an insert of ``columns``."""
        marks = ", ".join([self._mark] * len(columns))
        return f"INSERT INTO {table.name} ({_names(columns)}) VALUES ({marks})"

    def upsert(self, table: Table, columns: Sequence[str], key: Sequence[str]) -> str:
        """Return an insert of ``columns`` that replaces the row of the same ``key``."""
        changes = ", ".join(
            f"{_quote(name)} = excluded.{_quote(name)}" for name in columns if name not in key
        )
        return f"{self.insert(table, columns)} ON CONFLICT ({_names(key)}) DO UPDATE SET {changes}"

    def update(self, table: Table, columns: Sequence[str], key: Sequence[str]) -> str:
        """Return an update of ``columns`` for one ``key``, whose values come last."""
        changes = ", ".join(f"{_quote(name)} = {self._mark}" for name in columns)
        return f"UPDATE {table.name} SET {changes} WHERE {self._equals(key)}"

    def delete(self, table: Table, key: Sequence[str]) -> str:
        """Return a delete of the rows of one ``key``."""
        return f"DELETE FROM {table.name} WHERE {self._equals(key)}"

    def binder(self, table: Table, column: str) -> Callable[[Any], Any]:  # Any: the column's value
        """Return the function that turns a value into what the driver binds for ``column``."""
        return self._processor(table, column) or _unchanged

    def encoder(self, table: Table, columns: Sequence[str]) -> RowEncoder:
        """Return what turns records with attributes named ``columns`` into rows."""
        found = ((place, self._processor(table, column)) for place, column in enumerate(columns))
        return RowEncoder(columns, [(place, function) for place, function in found if function is not None])

    def _processor(self, table: Table, column: str) -> Callable[[Any], Any] | None:  # Any: the column's value
        column_type = table.c[column].type
        return column_type.dialect_impl(self._dialect).bind_processor(self._dialect)

    def _equals(self, key: Sequence[str]) -> str:
        return " AND ".join(f"{_quote(name)} = {self._mark}" for name in key)


class RowEncoder:
    """Turns records into rows of one table."""

    def __init__(
        self, columns: Sequence[str], processors: Iterable[tuple[int, Callable[[Any], Any]]]
    ) -> None:
        self._values = attrgetter(*columns)
        self._processors = tuple(processors)

    def __call__(self, record: object) -> list[Any]:  # Any: whatever the driver binds
        """Return the record's values as the driver binds them."""
        row = list(self._values(record))
        for place, process in self._processors:
            value = row[place]
            if value is not None:
                row[place] = process(value)
        return row


def _unchanged(value: Any) -> Any:  # Any: the column's value
    return value


def _names(columns: Sequence[str]) -> str:
    return ", ".join(map(_quote, columns))


def _quote(name: str) -> str:
    return f'"{name}"'

"""Column types that keep our values alike on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import TIMESTAMP, BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

#: An integer key that the database numbers itself; SQLite only does so for the plain type.
Key = BigInteger().with_variant(Integer, "sqlite")

Choice = TypeVar("Choice", bound=StrEnum)


def to_microseconds(moment: datetime) -> int:
    """Return the microseconds from 1970 to an aware moment.

    >>> to_microseconds(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(count: int) -> datetime:
    """Return the moment that is ``count`` microseconds after 1970, in UTC."""
    return _EPOCH + timedelta(microseconds=count)


class Moment(TypeDecorator[datetime]):
    """An aware moment, given back in UTC.

    On PostgreSQL a ``timestamptz``; on SQLite the integer of microseconds since 1970, which compares, sorts
    and converts several times faster than text.
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:  # Any: an integer or a timestamp
        """Choose the column type of the database."""
        wanted: TypeEngine[Any] = TIMESTAMP(timezone=True) if dialect.name == "postgresql" else BigInteger()
        return dialect.type_descriptor(wanted)

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> Any:  # Any: an integer or a datetime
        """Turn a moment into what the column holds; a naive one is a fault of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the store keeps aware moments only, got {value!r} without a time zone")
        return value if dialect.name == "postgresql" else to_microseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # Any: as above
        """Turn what the column holds into a moment in UTC."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            in_utc: datetime = value.astimezone(UTC)
            return in_utc
        return from_microseconds(value)


class FreeText(TypeDecorator[str]):
    """Text that may come from anywhere, such as the message of an exception.

    PostgreSQL keeps no NUL character, and one of them must not stop the whole batch that it is in; it
    becomes U+FFFD.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace what not every database can keep."""
        return value.replace("\0", "\ufffd") if value and "\0" in value else value


class Name(TypeDecorator[Choice]):
    """One value of a ``StrEnum``, kept as its text."""

    impl = Text
    cache_ok = True

    def __init__(self, choices: type[Choice]) -> None:
        super().__init__()
        self.choices = choices

    def process_bind_param(self, value: Choice | str | None, dialect: Dialect) -> str | None:
        """Turn the value into plain text, which drivers bind faster than a subclass of ``str``."""
        return None if value is None else str.__str__(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Choice | None:
        """Turn text into the value."""
        return None if value is None else self.choices(value)


class Json(TypeDecorator[Any]):  # Any: whatever JSON can say
    """A JSON value, kept as text that people and the database's own functions can read.

    ``empty`` makes the value that is kept as NULL and comes back from it, so that the many empty ones cost
    nothing.
    """

    impl = Text
    cache_ok = True

    def __init__(self, empty: type[dict[str, object]] | type[list[object]] | None = None) -> None:
        super().__init__()
        self.empty = empty

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # Any: whatever JSON can say
        """Turn the value into text."""
        if not value and (value is None or self.empty is not None):
            return None
        return msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # Any: whatever JSON can say
        """Turn text into the value."""
        if value is None:
            return None if self.empty is None else self.empty()
        return msgspec.json.decode(value)

"""Moments on the command line: ISO 8601; without a time zone, UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import click


class MomentType(click.ParamType[datetime]):
    """Reads ``2030-01-31``, ``2030-01-31T16:00`` or ``2030-01-31T16:00:00+01:00``."""

    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return an aware moment in UTC."""
        try:
            return parse_moment(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a moment; write 2030-01-31 or 2030-01-31T16:00:00+01:00", param, ctx)


def parse_moment(text: str) -> datetime:
    """Return the moment that ``text`` names.

    >>> parse_moment("2030-01-31T16:00+01:00").isoformat()
    '2030-01-31T15:00:00+00:00'

    Raises:
        ValueError: it names none.
    """
    moment = datetime.fromisoformat(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} lies outside of the years 1 to 9999") from error


MOMENT = MomentType()

"""Moments in the query of a request."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a moment must lie in the years 1 to 9999") from error


#: ISO 8601 in a query; without a time zone it is UTC, as on the command line.
Moment = Annotated[datetime, AfterValidator(_in_utc)]

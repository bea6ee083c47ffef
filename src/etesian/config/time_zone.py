"""Names of time zones."""

from __future__ import annotations


class TimeZoneName(str):
    """A name that the IANA time zone database knows."""

    __slots__ = ()

    def __new__(cls, name: str) -> TimeZoneName:
        """Return the name.

        Raises:
            ValueError: there is no such zone.
        """
        if name != "UTC":  # the default needs no look-up, which would cost time at each start
            from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

            try:
                ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise ValueError(f"there is no time zone {name!r}") from error
        return super().__new__(cls, name)

"""Hiding secrets by value in what programs print."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

#: Shorter values would hide ordinary text.
_MIN_LENGTH: Final = 4
MASK: Final = "***"


class ValueMask:
    """The values of one attempt that must not be shown."""

    __slots__ = ("_pattern", "_values")

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, values: Iterable[str]) -> None:
        """Hide these from now on, and the lines of those that have several: output is masked by line."""
        new = {line for value in values for line in (value, *value.splitlines()) if len(line) >= _MIN_LENGTH}
        if new - self._values:
            self._values |= new
            longest_first = sorted(self._values, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def redact(self, text: str) -> str:
        """Return ``text`` with each value replaced."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

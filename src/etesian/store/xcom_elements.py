"""Stored lists, split into their elements: each instance of a mapped task asks for its own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Lock
from typing import Final

import msgspec

#: Lists that are kept split. Instances of one task ask for the same one, and few tasks expand at a time.
MAX_LISTS: Final = 8

_split = msgspec.json.Decoder(list[msgspec.Raw])


class XComElements:
    """Keeps lists that were asked for by element, so that ten thousand instances read theirs once.

    A value that changes is another value: it is known by its row and when that was written.
    """

    def __init__(self) -> None:
        self._lists: OrderedDict[tuple[int, datetime], Sequence[msgspec.Raw] | None] = OrderedDict()
        self._lock = Lock()

    def of(
        self, row_id: int, written_at: datetime, load: Callable[[], bytes]
    ) -> Sequence[msgspec.Raw] | None:
        """Return the elements of a value, as JSON each; None for what is no plain list. ``load`` reads the value."""
        key = (row_id, written_at)
        with self._lock:
            if key in self._lists:
                self._lists.move_to_end(key)
                return self._lists[key]
        elements = _elements(load())
        with self._lock:
            self._lists[key] = elements
            while len(self._lists) > MAX_LISTS:
                self._lists.popitem(last=False)
        return elements


def _elements(value: bytes) -> Sequence[msgspec.Raw] | None:
    """Return the parts of a JSON array; None for dicts, and objects that stand for another type."""
    return _split.decode(value) if value[:1] == b"[" else None

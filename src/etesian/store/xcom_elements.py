"""Single elements of stored lists: each instance of a mapped task asks for its own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, select

from etesian.protocol.requests import GetXCom, XComItem
from etesian.store.queries import xcoms
from etesian.store.tables import xcoms_table

#: Lists that are kept split. Instances of one task ask for the same one, and few tasks expand at a time.
MAX_LISTS: Final = 8

_split = msgspec.json.Decoder(list[msgspec.Raw])


class XComElements:
    """Answers questions for one element of a list.

    A list is split when it is first asked for and kept, so that ten thousand instances read it once instead of
    ten thousand times. A value that changes is another value: it is known by its row and when that was written.
    """

    def __init__(self) -> None:
        self._lists: OrderedDict[tuple[int, datetime], Sequence[msgspec.Raw] | None] = OrderedDict()
        self._lock = Lock()

    def find(self, connection: Connection, request: GetXCom) -> tuple[XComItem, ...]:
        """Return the elements asked for; a value that is no plain list, or has no such element, comes whole."""
        if request.include_prior_dates:
            return xcoms.find_xcoms(connection, request)
        found = []
        for place in xcoms.find_places(connection, request):
            elements = self._elements_of(connection, place)
            if elements is None or not 0 <= (request.element or 0) < len(elements):
                return xcoms.find_xcoms(connection, request)
            found.append(
                XComItem(
                    task_id=place.task_id,
                    map_index=place.map_index,
                    run_id=place.run_id,
                    key=place.key,
                    value=bytes(elements[request.element or 0]),
                    is_element=True,
                )
            )
        return tuple(found)

    def _elements_of(self, connection: Connection, place: Row[Any]) -> Sequence[msgspec.Raw] | None:
        key = (place.id, place.created_at)
        with self._lock:
            if key in self._lists:
                self._lists.move_to_end(key)
                return self._lists[key]
        stored = connection.execute(select(xcoms_table.c.value).where(xcoms_table.c.id == place.id))
        elements = _elements(bytes(stored.scalar_one()))
        with self._lock:
            self._lists[key] = elements
            while len(self._lists) > MAX_LISTS:
                self._lists.popitem(last=False)
        return elements


def _elements(value: bytes) -> Sequence[msgspec.Raw] | None:
    """Return the parts of a JSON array; None for other JSON: dicts, and objects that stand for another type."""
    return _split.decode(value) if value[:1] == b"[" else None

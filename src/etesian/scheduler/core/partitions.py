"""Which partitions of a DAG are due: those for which all its assets were updated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from etesian.scheduler.core.events import PendingAssetEvent
from etesian.spec.asset import AssetAliasSpec, AssetAll, AssetAny, AssetCondition, AssetLike
from etesian.spec.partition import AssetPartitions, Mapper
from etesian.timetables.partitions import PartitionKeyError, is_complete, map_key

#: What tells two leaves of a condition apart: kind, name and URI.
LeafKey: TypeAlias = tuple[str, str | None, str | None]


class PendingPartitions:
    """The events that a DAG may still use, by the DAG's own partitions.

    An event may be about several of them, and is used once for each. One whose key cannot be mapped is about none.
    """

    def __init__(
        self, condition: AssetCondition, partitions: AssetPartitions, events: Sequence[PendingAssetEvent]
    ) -> None:
        self._condition = condition
        self._partitions = partitions
        self._leaves = tuple(_leaves(condition))
        self._events = {event.event_id: event for event in events}
        #: by event: the partitions that it may still be used for
        self._open: dict[int, set[str]] = {event.event_id: set() for event in events}
        #: by partition: per asset, the events about it, the oldest first
        self._arrived: dict[str, dict[LeafKey, list[PendingAssetEvent]]] = {}
        for event in events:
            self._take(event)

    def complete(self) -> Iterator[tuple[str, list[PendingAssetEvent]]]:
        """Yield each partition that is due with the events that it uses, the oldest first."""
        for key, arrived in list(self._arrived.items()):
            if not self._holds(self._condition, key, arrived):
                continue
            used = sorted({event.event_id for events in arrived.values() for event in events})
            for event_id in used:
                event = self._events[event_id]
                self._events[event_id] = msgspec.structs.replace(event, used_for=event.used_for | {key})
                self._open[event_id].discard(key)
            del self._arrived[key]
            yield key, [self._events[event_id] for event_id in used]

    def rest(self) -> list[PendingAssetEvent]:
        """Return the events that some partition still waits with."""
        return [event for event_id, event in self._events.items() if self._open[event_id]]

    def _take(self, event: PendingAssetEvent) -> None:
        item = event.item
        if item.partition_key is None:
            return
        for leaf in self._leaves:
            if not is_of(leaf, item.name, item.uri, item.aliases):
                continue
            for key in self._map(leaf, item.partition_key):
                if key not in event.used_for:
                    self._open[event.event_id].add(key)
                    self._arrived.setdefault(key, {}).setdefault(_key_of(leaf), []).append(event)

    def _mapper_of(self, leaf: AssetLike) -> Mapper:
        given = (each.mapper for each in self._partitions.mappings if _key_of(each.asset) == _key_of(leaf))
        return next(given, self._partitions.default)

    def _map(self, leaf: AssetLike, key: str) -> tuple[str, ...]:
        try:
            return map_key(self._mapper_of(leaf), key)
        except PartitionKeyError:
            return ()

    def _holds(
        self, condition: AssetCondition, key: str, arrived: Mapping[LeafKey, Sequence[PendingAssetEvent]]
    ) -> bool:
        match condition:
            case AssetAll(parts=parts):
                return all(self._holds(part, key, arrived) for part in parts)
            case AssetAny(parts=parts):
                return any(self._holds(part, key, arrived) for part in parts)
        keys = {event.item.partition_key or "" for event in arrived.get(_key_of(condition), ())}
        try:
            return is_complete(self._mapper_of(condition), key, keys)
        except PartitionKeyError:
            return False


def is_of(leaf: AssetLike, name: str | None, uri: str | None, aliases: Sequence[str]) -> bool:
    """Return whether an event is one of this asset. A name or a URI alone identifies an asset too."""
    match leaf:
        case AssetAliasSpec():
            return leaf.name in aliases
        case _:
            return (leaf.name is not None and leaf.name == name) or (leaf.uri is not None and leaf.uri == uri)


def _key_of(leaf: AssetLike) -> LeafKey:
    return type(leaf).__name__, leaf.name, getattr(leaf, "uri", None)


def _leaves(condition: AssetCondition) -> Iterator[AssetLike]:
    match condition:
        case AssetAll(parts=parts) | AssetAny(parts=parts):
            for part in parts:
                yield from _leaves(part)
        case _:
            yield condition

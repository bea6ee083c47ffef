"""Asset events as tasks see them: those that started the run, those of an inlet, and those a task emits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias, overload

import msgspec

from etesian.foundation.errors import EtesianError
from etesian.protocol.reports import AssetEventReport
from etesian.protocol.requests import AssetEventItem, FoundValue, GetAssetEvents
from etesian.sdk.assets.asset import (
    Asset,
    AssetAlias,
    AssetAliasUniqueKey,
    AssetRef,
    AssetUniqueKey,
    BaseAsset,
)
from etesian.sdk.runtime import ask

EventKey: TypeAlias = AssetUniqueKey | AssetAliasUniqueKey | AssetRef

_items = msgspec.json.Decoder(list[AssetEventItem])


class AssetEventsError(EtesianError):
    """Asset events are emitted in a way that cannot work."""


def event_key(thing: object) -> EventKey:
    """Return what tells assets, aliases and references apart, as keys of the accessors below.

    Raises:
        TypeError: it is none of these.
    """
    match thing:
        case Asset():
            return thing.key
        case AssetAlias():
            return AssetAliasUniqueKey.from_asset_alias(thing)
        case AssetRef() | AssetUniqueKey() | AssetAliasUniqueKey():
            return thing
    raise TypeError(
        f"asset events are found by Asset, AssetAlias or Asset.ref(), got {type(thing).__name__}: {thing!r}"
    )


class AssetEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event that happened."""

    asset: Asset
    extra: dict[str, object]
    timestamp: datetime | None = None
    source_dag_id: str | None = None
    source_run_id: str | None = None
    source_task_id: str | None = None
    source_map_index: int = -1
    source_aliases: tuple[str, ...] = ()
    partition_key: str | None = None

    @classmethod
    def from_item(cls, item: AssetEventItem) -> AssetEvent:
        """Return the event that the platform described."""
        return cls(
            asset=Asset(name=item.name, uri=item.uri, group=item.group),
            extra=item.extra,
            timestamp=item.timestamp,
            source_dag_id=item.source_dag_id,
            source_run_id=item.source_run_id,
            source_task_id=item.source_task_id,
            source_map_index=item.source_map_index,
            source_aliases=item.aliases,
            partition_key=item.partition_key,
        )

    @property
    def uri(self) -> str:
        """The asset's URI."""
        return self.asset.uri


class Metadata(msgspec.Struct):
    """Yielded by a task: what to say of an outlet in its event, and through which alias."""

    asset: Asset | AssetAlias
    extra: dict[str, object] = {}
    alias: AssetAlias | None = None


class AliasedEvent(msgspec.Struct):
    """An asset that a task attached to an alias."""

    asset: Asset
    extra: dict[str, object]


class OutletEventAccessor(msgspec.Struct):
    """What a task says of one outlet; its event is emitted when the task succeeds."""

    key: EventKey
    extra: dict[str, object] = {}
    added: list[AliasedEvent] = []
    partition_keys: dict[str, None] = {}  #: in the order in which they were added

    def add(self, asset: Asset | AssetRef, extra: Mapping[str, object] | None = None) -> None:
        """Attach an asset to this alias, with what there is to say of the event.

        Raises:
            AssetEventsError: this outlet is an asset, not an alias.
        """
        if not isinstance(self.key, AssetAliasUniqueKey):
            raise AssetEventsError(
                f"only an alias can get assets while a task runs; outlet {self.key!r} is an asset"
            )
        target = asset if isinstance(asset, Asset) else Asset(name=asset.name, uri=asset.uri)
        self.added.append(AliasedEvent(target, dict(extra or {})))

    def add_partitions(self, keys: str | Iterable[str]) -> None:
        """Say which partitions of this asset the task wrote; each gives an event of its own.

        Raises:
            AssetEventsError: this outlet is an alias, or a key is empty.
        """
        if isinstance(self.key, AssetAliasUniqueKey):
            raise AssetEventsError(f"partitions are those of an asset; outlet {self.key!r} is an alias")
        for key in (keys,) if isinstance(keys, str) else keys:
            if not isinstance(key, str) or not key.strip():
                raise AssetEventsError(f"the key of a partition cannot be empty, got {key!r}")
            self.partition_keys[key] = None

    def reports(self) -> Iterator[AssetEventReport]:
        """Yield the events to emit."""
        match self.key:
            case AssetAliasUniqueKey(name=alias):
                for event in self.added:
                    yield AssetEventReport(
                        name=event.asset.name,
                        uri=event.asset.uri,
                        alias=alias,
                        extra={**self.extra, **event.extra},
                    )
            case AssetRef() | AssetUniqueKey():
                for partition_key in self.partition_keys or (None,):
                    yield AssetEventReport(
                        name=self.key.name,
                        uri=self.key.uri,
                        extra=dict(self.extra),
                        partition_key=partition_key,
                    )


class OutletEventAccessors(Mapping[object, OutletEventAccessor]):
    """``outlet_events`` of a task's context: an entry for every outlet, made when first looked at."""

    def __init__(self) -> None:
        self._accessors: dict[EventKey, OutletEventAccessor] = {}

    def __getitem__(self, key: object) -> OutletEventAccessor:
        found = event_key(key)
        return self._accessors.setdefault(found, OutletEventAccessor(found))

    def __iter__(self) -> Iterator[object]:
        return iter(self._accessors)

    def __len__(self) -> int:
        return len(self._accessors)

    def take(self, metadata: Metadata) -> None:
        """Note what a task yielded."""
        if metadata.alias is not None and isinstance(metadata.asset, Asset):
            self[metadata.alias].add(metadata.asset, metadata.extra)
        else:
            self[metadata.asset].extra.update(metadata.extra)

    def reports_for(self, outlets: Sequence[object]) -> tuple[AssetEventReport, ...]:
        """Return the events to emit when the task succeeds.

        These are one per asset in ``outlets``, and those added to its aliases; what the task said of things
        that are not its outlets is left out.
        """
        leaves = [
            leaf for outlet in outlets if isinstance(outlet, BaseAsset) for leaf in outlet.iter_leaves()
        ]
        keys = dict.fromkeys(event_key(leaf) for leaf in leaves)
        return tuple(report for key in keys for report in self[key].reports())


class InletEventsAccessor(Sequence[AssetEvent]):
    """The events of one asset or alias, the oldest first; asked for when they are looked at."""

    def __init__(self, *, name: str | None = None, uri: str | None = None, alias: str | None = None) -> None:
        self._request = GetAssetEvents(name=name, uri=uri, alias=alias)
        self._events: list[AssetEvent] | None = None

    def _load(self) -> list[AssetEvent]:
        if self._events is None:
            answer = ask(self._request, FoundValue)
            self._events = [AssetEvent.from_item(item) for item in _items.decode(answer.value or "[]")]
        return self._events

    @overload
    def __getitem__(self, index: int) -> AssetEvent: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[AssetEvent]: ...
    def __getitem__(self, index: int | slice) -> AssetEvent | Sequence[AssetEvent]:
        return self._load()[index]

    def __len__(self) -> int:
        return len(self._load())


class InletEventsAccessors(Mapping[object, InletEventsAccessor]):
    """``inlet_events`` of a task's context: the events of each of its inlets, by asset, alias or position."""

    def __init__(self, inlets: Sequence[object]) -> None:
        self._inlets = [inlet for inlet in inlets if isinstance(inlet, BaseAsset)]
        self._accessors: dict[EventKey, InletEventsAccessor] = {}

    def __getitem__(self, key: object) -> InletEventsAccessor:
        """Return the events of one inlet.

        Raises:
            IndexError: there is no inlet at that position.
            KeyError: it is not one of the task's inlets.
        """
        if isinstance(key, int):
            return self[self._inlets[key]]
        wanted = event_key(key)
        for inlet in map(event_key, self._inlets):
            if inlet == wanted or _refers_to(inlet, wanted):
                return self._accessors.setdefault(inlet, _accessor_of(inlet))
        raise KeyError(f"{key!r} is not one of the task's inlets: {self._inlets!r}")

    def __iter__(self) -> Iterator[object]:
        return iter(self._inlets)

    def __len__(self) -> int:
        return len(self._inlets)


def _refers_to(reference: EventKey, key: EventKey) -> bool:
    """Return whether a reference means the asset of ``key``."""
    if not isinstance(reference, AssetRef) or not isinstance(key, AssetUniqueKey):
        return False
    return key.name == reference.name if reference.uri is None else key.uri == reference.uri


def _accessor_of(key: EventKey) -> InletEventsAccessor:
    if isinstance(key, AssetAliasUniqueKey):
        return InletEventsAccessor(alias=key.name)
    return InletEventsAccessor(name=key.name, uri=key.uri)


class TriggeringAssetEvents(Mapping[object, Sequence[AssetEvent]]):
    """``triggering_asset_events`` of a context: the events that started the run, by asset or alias."""

    def __init__(self, items: Sequence[Mapping[str, object]]) -> None:
        self._events: dict[EventKey, list[AssetEvent]] = {}
        for item in msgspec.convert(items, list[AssetEventItem], strict=False):
            event = AssetEvent.from_item(item)
            keys: list[EventKey] = [event.asset.key, *map(AssetAliasUniqueKey, item.aliases)]
            for key in keys:
                self._events.setdefault(key, []).append(event)

    def __getitem__(self, key: object) -> Sequence[AssetEvent]:
        """Return the events of an asset or alias; a name or a URI as plain text will do.

        Raises:
            KeyError: the run was not started by it.
        """
        if not isinstance(key, str | AssetRef):
            return self._events[event_key(key)]
        wanted = key if isinstance(key, str) else key.name or key.uri
        for known, events in self._events.items():
            if isinstance(known, tuple) and wanted in known:
                return events
        raise KeyError(f"no event of {wanted!r} started this run; those that did: {list(self)!r}")

    def __iter__(self) -> Iterator[object]:
        for key in self._events:
            yield key.to_asset() if isinstance(key, AssetUniqueKey) else key

    def __len__(self) -> int:
        return len(self._events)

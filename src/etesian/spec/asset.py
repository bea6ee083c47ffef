"""Assets (once called datasets) as the spec knows them: identity, and the conditions that schedules are made of."""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class AssetSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="asset"):
    """One asset: a name and a URI; both identify it."""

    name: str
    uri: str
    group: str = "asset"
    extra: dict[str, object] = {}


class AssetAliasSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="alias"):
    """A name that stands for the assets that events attach to it at run time."""

    name: str
    group: str = "asset"


class AssetRefSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="ref"):
    """An asset named elsewhere, by name or by URI."""

    name: str | None = None
    uri: str | None = None


class AssetAll(msgspec.Struct, frozen=True, kw_only=True, tag="all"):
    """Holds when every part holds."""

    parts: tuple[AssetCondition, ...]


class AssetAny(msgspec.Struct, frozen=True, kw_only=True, tag="any"):
    """Holds when one part holds."""

    parts: tuple[AssetCondition, ...]


AssetCondition: TypeAlias = AssetSpec | AssetAliasSpec | AssetRefSpec | AssetAll | AssetAny
AssetLike: TypeAlias = AssetSpec | AssetAliasSpec | AssetRefSpec


class WatcherSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A trigger that turns outside events into events of an asset."""

    name: str
    asset: AssetSpec
    trigger_class: str
    trigger_kwargs: dict[str, object] = {}

"""Assets (once called datasets): data that tasks read and write, and the conditions made of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from etesian.sdk.assets.asset_uri import InvalidAssetError, check_asset_text, normalize_uri
from etesian.spec.asset import AssetAliasSpec, AssetCondition, AssetLike, AssetRefSpec, AssetSpec, WatcherSpec
from etesian.spec.asset import AssetAll as AssetAllSpec
from etesian.spec.asset import AssetAny as AssetAnySpec

if TYPE_CHECKING:
    from etesian.sdk.trigger import BaseTrigger


class AssetUniqueKey(NamedTuple):
    """What tells two assets apart."""

    name: str
    uri: str

    @classmethod
    def from_asset(cls, asset: Asset) -> AssetUniqueKey:
        """Return the key of an asset."""
        return cls(asset.name, asset.uri)

    def to_asset(self) -> Asset:
        """Return a plain asset of this key."""
        return Asset(name=self.name, uri=self.uri)


class AssetAliasUniqueKey(NamedTuple):
    """What tells two aliases apart."""

    name: str

    @classmethod
    def from_asset_alias(cls, alias: AssetAlias) -> AssetAliasUniqueKey:
        """Return the key of an alias."""
        return cls(alias.name)

    def to_asset_alias(self) -> AssetAlias:
        """Return an alias of this key."""
        return AssetAlias(self.name)


class BaseAsset:
    """Anything that a schedule can wait for; ``|`` and ``&`` combine them."""

    def __or__(self, other: BaseAsset) -> AssetAny:
        return AssetAny(self, other) if isinstance(other, BaseAsset) else NotImplemented

    def __and__(self, other: BaseAsset) -> AssetAll:
        return AssetAll(self, other) if isinstance(other, BaseAsset) else NotImplemented

    def to_spec(self) -> AssetCondition:
        """Return the description that leaves the DAG file."""
        raise NotImplementedError(f"{type(self).__name__} must implement to_spec()")

    def iter_assets(self) -> Iterator[tuple[AssetUniqueKey, Asset]]:
        """Yield the assets it is made of, in the order they are written; once each."""
        yield from ()

    def iter_leaves(self) -> Iterator[BaseAsset]:
        """Yield the assets, aliases and references it is made of, in the order they are written."""
        yield self


class AssetWatcher:
    """A trigger that turns outside events into events of the asset that names it."""

    def __init__(self, name: str, trigger: BaseTrigger) -> None:
        self.name = check_asset_text(name, "watcher name")
        self.trigger = trigger

    def __repr__(self) -> str:
        return f"AssetWatcher(name={self.name!r}, trigger={self.trigger!r})"

    def to_spec(self, asset: Asset) -> WatcherSpec:
        """Return the description of this watcher on behalf of ``asset``."""
        trigger_class, trigger_kwargs = self.trigger.serialize()
        return WatcherSpec(
            name=self.name,
            asset=asset.to_spec(),
            trigger_class=trigger_class,
            trigger_kwargs=dict(trigger_kwargs),
        )


class Asset(os.PathLike[str], BaseAsset):
    """One piece of data, known by a name and a URI; giving one of them is enough.

    ``extra`` describes the asset itself. Two assets of the same name and URI are the same one.

    Raises:
        InvalidAssetError: name, URI or group cannot be used; see ``asset_uri``.

    >>> Asset("s3://bucket/orders/") == Asset(name="s3://bucket/orders/", uri="s3://bucket/orders")
    True
    """

    asset_type: ClassVar[str] = "asset"

    def __init__(
        self,
        name: str | None = None,
        uri: object = None,
        *,
        group: str | None = None,
        extra: Mapping[str, object] | None = None,
        watchers: Sequence[AssetWatcher] | None = None,
        access_control: object = None,
    ) -> None:
        text = None if uri is None else check_asset_text(str(uri), "uri")
        if name is None and text is None:
            raise InvalidAssetError(
                "an asset needs a name or a uri, for instance Asset('s3://bucket/orders')"
            )
        self.name = check_asset_text(text if name is None else name, "name")
        self.uri = normalize_uri(self.name if text is None else text)
        self.group = check_asset_text(group, "group") if group is not None else self.asset_type
        self.extra: dict[str, object] = dict(extra or {})
        self.watchers = list(watchers or ())
        #: which teams may produce and consume it (``AssetAccessControl``), for installations that have teams
        self.access_control = access_control

    @staticmethod
    def ref(*, name: str | None = None, uri: str | None = None) -> AssetRef:
        """Return a reference to an asset that is defined elsewhere, by name or by URI.

        Raises:
            InvalidAssetError: none or both were given.
        """
        return AssetRef(name=name, uri=uri)

    @property
    def key(self) -> AssetUniqueKey:
        """What identifies it."""
        return AssetUniqueKey(self.name, self.uri)

    @property
    def normalized_uri(self) -> str | None:
        """The URI, or None when the asset has only a name."""
        return self.uri if "://" in self.uri else None

    def to_spec(self) -> AssetSpec:
        """Return the description that leaves the DAG file."""
        return AssetSpec(name=self.name, uri=self.uri, group=self.group, extra=self.extra)

    def iter_assets(self) -> Iterator[tuple[AssetUniqueKey, Asset]]:
        """Yield itself."""
        yield self.key, self

    def watcher_specs(self) -> tuple[WatcherSpec, ...]:
        """Return the descriptions of its watchers."""
        return tuple(watcher.to_spec(self) for watcher in self.watchers)

    def __fspath__(self) -> str:
        return self.uri

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Asset) and self.to_spec() == other.to_spec()

    def __hash__(self) -> int:
        return hash((self.name, self.uri))

    def __repr__(self) -> str:
        extra = f", extra={self.extra!r}" if self.extra else ""
        return f"{type(self).__name__}(name={self.name!r}, uri={self.uri!r}{extra})"


class Dataset(Asset):
    """The name of an asset in Airflow 2."""

    asset_type: ClassVar[str] = "dataset"


class Model(Asset):
    """An asset that is a trained model."""

    asset_type: ClassVar[str] = "model"


class AssetAlias(BaseAsset):
    """A name that stands for the assets that tasks attach to it while they run."""

    def __init__(self, name: str, *, group: str = "asset") -> None:
        self.name = check_asset_text(name, "alias name")
        self.group = group

    def to_spec(self) -> AssetAliasSpec:
        """Return the description that leaves the DAG file."""
        return AssetAliasSpec(name=self.name, group=self.group)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetAlias) and (self.name, self.group) == (other.name, other.group)

    def __hash__(self) -> int:
        return hash((AssetAlias, self.name))

    def __repr__(self) -> str:
        return f"AssetAlias(name={self.name!r})"


class AssetRef(BaseAsset):
    """An asset defined elsewhere, by name or by URI.

    Raises:
        InvalidAssetError: none or both were given.
    """

    def __init__(self, *, name: str | None = None, uri: str | None = None) -> None:
        if (name is None) == (uri is None):
            raise InvalidAssetError("a reference to an asset needs its name or its uri, and only one of them")
        self.name = name
        self.uri = None if uri is None else normalize_uri(uri)

    def to_spec(self) -> AssetRefSpec:
        """Return the description that leaves the DAG file."""
        return AssetRefSpec(name=self.name, uri=self.uri)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetRef) and (self.name, self.uri) == (other.name, other.uri)

    def __hash__(self) -> int:
        return hash((AssetRef, self.name, self.uri))

    def __repr__(self) -> str:
        return f"AssetRef(name={self.name!r})" if self.name else f"AssetRef(uri={self.uri!r})"


class AssetBooleanCondition(BaseAsset):
    """Base of ``AssetAll`` and ``AssetAny``.

    Raises:
        TypeError: a part is not an asset, alias, reference or condition.
    """

    def __init__(self, *objects: BaseAsset) -> None:
        for part in objects:
            if not isinstance(part, BaseAsset):
                raise TypeError(
                    f"{type(self).__name__} takes assets and conditions, got {type(part).__name__}: {part!r}"
                )
        # ``a & b & c`` is one condition of three parts, not two nested ones.
        self.objects: tuple[BaseAsset, ...] = tuple(
            leaf for part in objects for leaf in (part.objects if type(part) is type(self) else (part,))
        )

    def iter_assets(self) -> Iterator[tuple[AssetUniqueKey, Asset]]:
        """Yield the assets it is made of, once each."""
        seen: set[AssetUniqueKey] = set()
        for part in self.objects:
            for key, asset in part.iter_assets():
                if key not in seen:
                    seen.add(key)
                    yield key, asset

    def iter_leaves(self) -> Iterator[BaseAsset]:
        """Yield the assets, aliases and references it is made of."""
        for part in self.objects:
            yield from part.iter_leaves()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.objects == other.objects

    def __hash__(self) -> int:
        return hash((type(self), self.objects))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.objects))})"


class AssetAll(AssetBooleanCondition):
    """Holds when every part holds."""

    def to_spec(self) -> AssetAllSpec:
        """Return the description that leaves the DAG file."""
        return AssetAllSpec(parts=tuple(part.to_spec() for part in self.objects))


class AssetAny(AssetBooleanCondition):
    """Holds when one part holds."""

    def to_spec(self) -> AssetAnySpec:
        """Return the description that leaves the DAG file."""
        return AssetAnySpec(parts=tuple(part.to_spec() for part in self.objects))


def as_asset_condition(schedule: object) -> BaseAsset | None:
    """Return the condition that a ``schedule=`` argument means, or None when it does not speak of assets.

    A list, tuple or set of assets means all of them.

    Raises:
        TypeError: a collection holds assets and other things.
    """
    if isinstance(schedule, BaseAsset):
        return schedule
    if isinstance(schedule, list | tuple | set | frozenset) and any(
        isinstance(item, BaseAsset) for item in schedule
    ):
        return AssetAll(*schedule)
    return None


def to_asset_specs(items: object) -> tuple[AssetLike, ...]:
    """Return the descriptions of what ``inlets`` or ``outlets`` name; what is no asset is left out."""
    found: list[AssetLike] = []
    for item in items if isinstance(items, list | tuple | set) else (items,):
        if not isinstance(item, BaseAsset):
            continue
        for leaf in item.iter_leaves():
            spec = leaf.to_spec()
            if isinstance(spec, AssetLike) and spec not in found:
                found.append(spec)
    return tuple(found)

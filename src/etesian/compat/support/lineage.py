"""What hooks tell of the data that they read and write, for plugins that want to know (hook lineage)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from etesian.compat.module_loading import import_string
from etesian.compat.providers.providers_manager import ProvidersManager
from etesian.compat.settings.configuration import conf
from etesian.sdk.assets.asset import Asset

#: A hook or path; Any: whoever tells.
LineageContext = Any

MAX_COLLECTED_ASSETS: Final = int(conf.getint("lineage", "max_assets_per_collector", fallback=100))
MAX_COLLECTED_EXTRA: Final = int(conf.getint("lineage", "max_extras_per_collector", fallback=200))


@dataclass
class AssetLineageInfo:
    """One asset that was read or written."""

    asset: Asset
    count: int  #: how often it was told
    context: LineageContext


@dataclass
class ExtraLineageInfo:
    """One other fact, such as the text of a query."""

    key: str
    value: Any
    count: int
    context: LineageContext


@dataclass
class HookLineage:
    """All that was told in this process."""

    inputs: list[AssetLineageInfo] = field(default_factory=list)
    outputs: list[AssetLineageInfo] = field(default_factory=list)
    extra: list[ExtraLineageInfo] = field(default_factory=list)


class _Told:
    """What was told, each thing once, with how often."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._things: dict[str, tuple[Any, LineageContext]] = {}
        self._counts: dict[str, int] = {}

    def add(self, name: str, details: object, thing: object, context: LineageContext) -> None:
        """Take a thing, unless there are as many as the limit allows."""
        if len(self._things) >= self._limit:
            return
        key = f"{name} {json.dumps(details, sort_keys=True, default=str)} {id(context)}"
        self._things.setdefault(key, (thing, context))
        self._counts[key] = self._counts.get(key, 0) + 1

    def __bool__(self) -> bool:
        return bool(self._things)

    def list(self, make: Callable[[Any, int, LineageContext], Any]) -> list[Any]:
        """Return what ``make`` makes of each thing, its count and its context."""
        return [make(thing, self._counts[key], context) for key, (thing, context) in self._things.items()]


class HookLineageCollector:
    """Takes what hooks tell, up to a limit of each kind."""

    def __init__(self) -> None:
        self._inputs = _Told(MAX_COLLECTED_ASSETS)
        self._outputs = _Told(MAX_COLLECTED_ASSETS)
        self._extra = _Told(MAX_COLLECTED_EXTRA)

    def create_asset(
        self,
        *,
        scheme: str | None = None,
        uri: str | None = None,
        name: str | None = None,
        group: str | None = None,
        asset_kwargs: Mapping[str, Any] | None = None,
        asset_extra: Mapping[str, Any] | None = None,
    ) -> Asset | None:
        """Return the asset of a URI or name, or the one that the scheme's provider makes; None if there is none."""
        if uri or name:
            given = {"uri": uri, "name": name, "group": group, "extra": asset_extra}
            return Asset(**{key: value for key, value in given.items() if value})  # type: ignore[arg-type]
        factory = _asset_factories().get(scheme or "")
        if factory is None:
            return None
        try:
            made: Asset = factory(**(asset_kwargs or {}), extra=asset_extra)
        except Exception:  # lineage must not fail what it tells of
            return None
        return made

    def add_input_asset(self, context: LineageContext, scheme: str | None = None, **asset: Any) -> None:
        """Take an asset that was read; see ``create_asset``."""
        self._add(self._inputs, context, self.create_asset(scheme=scheme, **asset))

    def add_output_asset(self, context: LineageContext, scheme: str | None = None, **asset: Any) -> None:
        """Take an asset that was written; see ``create_asset``."""
        self._add(self._outputs, context, self.create_asset(scheme=scheme, **asset))

    def add_extra(self, context: LineageContext, key: str, value: Any) -> None:
        """Take another fact."""
        if key and value:
            self._extra.add(key, value, (key, value), context)

    @property
    def collected_assets(self) -> HookLineage:
        """All that was told."""
        return HookLineage(
            inputs=self._inputs.list(AssetLineageInfo),
            outputs=self._outputs.list(AssetLineageInfo),
            extra=self._extra.list(_as_extra),
        )

    @property
    def has_collected(self) -> bool:
        """Whether anything was told."""
        return bool(self._inputs or self._outputs or self._extra)

    def _add(self, told: _Told, context: LineageContext, asset: Asset | None) -> None:
        if asset is not None:
            told.add(asset.uri, asset.extra, asset, context)


def _as_extra(fact: tuple[str, Any], count: int, context: LineageContext) -> ExtraLineageInfo:
    key, value = fact
    return ExtraLineageInfo(key, value, count, context)


class NoOpCollector(HookLineageCollector):
    """Nobody wants to know."""

    def add_input_asset(self, *_: Any, **__: Any) -> None:
        """Forget it."""

    def add_output_asset(self, *_: Any, **__: Any) -> None:
        """Forget it."""

    def add_extra(self, *_: Any, **__: Any) -> None:
        """Forget it."""


class HookLineageReader:
    """What a plugin names to say that it wants to know."""

    def __init__(self) -> None:
        self.lineage_collector = get_hook_lineage_collector()

    def retrieve_hook_lineage(self) -> HookLineage:
        """Return all that was told in this process."""
        return self.lineage_collector.collected_assets


@cache
def get_hook_lineage_collector() -> HookLineageCollector:
    """Return the collector of this process; it keeps something only where a plugin has a reader."""
    from etesian.compat.plugins.plugins_manager import find_plugins  # late: few processes tell

    wanted = any(plugin.hook_lineage_readers for plugin in find_plugins())
    return HookLineageCollector() if wanted else NoOpCollector()


@cache
def _asset_factories() -> dict[str, Callable[..., Any]]:
    """Return the functions that make assets of a scheme, as installed providers declare them."""
    found: dict[str, Callable[..., Any]] = {}
    for provider in ProvidersManager().providers.values():
        for entry in provider.data.get("asset-uris", []):
            if entry.get("factory"):
                found |= dict.fromkeys(entry["schemes"], import_string(entry["factory"]))
    return found

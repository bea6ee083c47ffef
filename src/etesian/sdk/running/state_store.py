"""Values that a task keeps over its tries (``task_state_store``), and an asset over all runs (``asset_state_store``).

What a task pushes as XComs is forgotten when it is tried again; what it keeps here is not: the id of a job that it
started elsewhere, or how far it came.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from etesian.foundation.clock import utc_now
from etesian.foundation.errors import EtesianError
from etesian.protocol.requests import (
    AssetScope,
    DeleteState,
    Done,
    FoundValue,
    GetState,
    SetState,
    StateScope,
)
from etesian.sdk.assets.asset import Asset, AssetRef
from etesian.sdk.runtime import ask

#: Keeps a value as long as its run.
NEVER_EXPIRE: Final = timedelta.max
#: How long a task keeps a value whose ``retention`` is left out.
DEFAULT_RETENTION: Final = timedelta(days=30)


class StateStoreError(EtesianError):
    """A value cannot be kept, or it is not clear which asset is meant."""


class StateStore:
    """Values by key: JSON, of one task instance or one asset. Each method has an awaitable twin named ``a…``."""

    def __init__(self, scope: StateScope) -> None:
        self._scope = scope

    def _find_scope(self) -> StateScope:
        return self._scope

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, or ``default`` when there is none or it has expired."""
        found = ask(GetState(scope=self._find_scope(), key=key), FoundValue).value
        return default if found is None else json.loads(found)

    def set(self, key: str, value: Any, *, retention: timedelta | None = None) -> None:
        """Keep a value; it is stored at once. ``retention`` says for how long a task keeps it.

        Raises:
            StateStoreError: it is None, or no JSON.
        """
        scope, text = self._find_scope(), _to_json(key, value)
        lasting = DEFAULT_RETENTION if retention is None else retention
        is_lasting = isinstance(scope, AssetScope) or lasting == NEVER_EXPIRE
        expires_at = None if is_lasting else utc_now() + lasting
        ask(SetState(scope=scope, key=key, value=text, expires_at=expires_at), Done)

    def delete(self, key: str) -> None:
        """Forget one value."""
        ask(DeleteState(scope=self._find_scope(), key=key), Done)

    def clear(self) -> None:
        """Forget all values."""
        ask(DeleteState(scope=self._find_scope()), Done)

    async def aget(self, key: str, default: Any = None) -> Any:
        """Do what ``get`` does."""
        return self.get(key, default)

    async def aset(self, key: str, value: Any, *, retention: timedelta | None = None) -> None:
        """Do what ``set`` does."""
        self.set(key, value, retention=retention)

    async def adelete(self, key: str) -> None:
        """Do what ``delete`` does."""
        self.delete(key)

    async def aclear(self) -> None:
        """Do what ``clear`` does."""
        self.clear()


class AssetStateStores(StateStore):
    """``asset_state_store`` of a task: by asset, for its inlets and outlets.

    A task with one asset only may leave the asset out: ``asset_state_store.get("watermark")``.
    """

    def __init__(self, things: Iterable[object]) -> None:
        self._assets: list[Asset | AssetRef] = []
        for thing in things:
            if isinstance(thing, Asset | AssetRef) and not any(_is_same(it, thing) for it in self._assets):
                self._assets.append(thing)

    def __getitem__(self, asset: object) -> StateStore:
        for known in self._assets:
            if _is_same(known, asset):
                return StateStore(AssetScope(name=known.name, uri=known.uri))
        raise KeyError(f"{asset!r} is neither an inlet nor an outlet of this task")

    def _find_scope(self) -> StateScope:
        if len(self._assets) != 1:
            raise StateStoreError(
                f"this task has {len(self._assets)} assets among its inlets and outlets; "
                "say which one is meant: asset_state_store[asset]"
            )
        return AssetScope(name=self._assets[0].name, uri=self._assets[0].uri)


def _is_same(known: Asset | AssetRef, asset: object) -> bool:
    if not isinstance(asset, Asset | AssetRef):
        return False
    by_name = known.name is not None and known.name == asset.name
    return by_name or (known.uri is not None and known.uri == asset.uri)


def _to_json(key: str, value: Any) -> str:
    if value is None:
        raise StateStoreError(f"{key!r} cannot be kept as None; delete it instead")
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise StateStoreError(f"{key!r} cannot be kept, because it is no JSON: {error}") from None

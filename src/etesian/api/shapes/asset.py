"""Requests and answers about assets and their events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from etesian.store.queries.assets import AssetEventRecord, AssetRecord


class AssetUseResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A DAG, or a task of it, that uses an asset."""

    dag_id: str
    task_id: str | None = None


class AssetResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One asset and who uses it."""

    id: int
    name: str
    uri: str
    group: str
    extra: dict[str, Any]  # Any: JSON
    created_at: datetime
    updated_at: datetime | None
    scheduled_dags: Sequence[AssetUseResponse]
    producing_tasks: Sequence[AssetUseResponse]
    consuming_tasks: Sequence[AssetUseResponse]


class AssetCollectionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One page of assets."""

    assets: Sequence[AssetResponse]
    total_entries: int


class CreatedRunResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A run that an event caused."""

    dag_id: str
    run_id: str


class AssetEventResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One event of an asset. ``source`` is ours: task, api or watcher."""

    id: int
    asset_id: int
    uri: str
    name: str
    group: str
    extra: dict[str, Any]  # Any: JSON
    source: str
    source_dag_id: str | None
    source_run_id: str | None
    source_task_id: str | None
    source_map_index: int
    created_dagruns: Sequence[CreatedRunResponse]
    timestamp: datetime


class AssetEventCollectionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One page of events."""

    asset_events: Sequence[AssetEventResponse]
    total_entries: int


class AssetEventBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Say that an asset was updated outside of any task."""

    asset_id: int
    extra: dict[str, Any] = {}  # Any: JSON


def asset_response(asset: AssetRecord) -> AssetResponse:
    """Return the answer for one asset."""

    def used_as(role: str) -> list[AssetUseResponse]:
        return [
            AssetUseResponse(dag_id=use.dag_id, task_id=use.task_id or None)
            for use in asset.uses
            if use.role == role
        ]

    return AssetResponse(
        id=asset.id,
        name=asset.name,
        uri=asset.uri,
        group=asset.group,
        extra=asset.extra,
        created_at=asset.created_at,
        updated_at=asset.updated_at,
        scheduled_dags=used_as("schedule"),
        producing_tasks=used_as("outlet"),
        consuming_tasks=used_as("inlet"),
    )


def asset_event_response(event: AssetEventRecord) -> AssetEventResponse:
    """Return the answer for one event."""
    return AssetEventResponse(
        id=event.id,
        asset_id=event.asset_id,
        uri=event.uri,
        name=event.name,
        group=event.group,
        extra=event.extra,
        source=event.source,
        source_dag_id=event.source_dag_id,
        source_run_id=event.source_run_id,
        source_task_id=event.source_task_id,
        source_map_index=-1 if event.source_map_index is None else event.source_map_index,
        created_dagruns=[CreatedRunResponse(dag_id=key.dag_id, run_id=key.run_id) for key in event.consumers],
        timestamp=event.created_at,
    )

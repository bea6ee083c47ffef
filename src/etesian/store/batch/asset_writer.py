"""Writing asset events, and which runs they caused."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from etesian.lifecycle.records import RunKey
from etesian.protocol.reports import AssetEventReport
from etesian.store.batch.changes import NewAssetEvents
from etesian.store.batch.driver_sql import DriverSql
from etesian.store.batch.scope import Scope
from etesian.store.tables import asset_event_consumers_table, asset_events_table, assets_table

_EVENT_COLUMNS: Final = (
    "asset_pk", "alias", "extra", "source", "source_dag_id", "source_run_id", "source_task_id",
    "source_map_index", "partition_key", "created_at",
)  # fmt: skip
_ASSET_COLUMNS: Final = ("name", "uri", "asset_group", "created_at")
_CONSUMER_COLUMNS: Final = ("run_pk", "event_pk")


class AssetWriter:
    """The statements for ``assets``, ``asset_events`` and ``asset_event_consumers``, on one driver."""

    def __init__(self, sql: DriverSql) -> None:
        self._find = sql.text("SELECT id FROM assets WHERE name = ? AND uri = ?")
        self._find_by_name = sql.text("SELECT id FROM assets WHERE name = ? ORDER BY id DESC")
        self._find_by_uri = sql.text("SELECT id FROM assets WHERE uri = ? ORDER BY id DESC")
        self._insert_asset = sql.insert(assets_table, _ASSET_COLUMNS) + " RETURNING id"
        self._touch = sql.update(assets_table, ("updated_at",), ("id",))
        self._insert_event = sql.insert(asset_events_table, _EVENT_COLUMNS)
        self._insert_consumer = (
            sql.insert(asset_event_consumers_table, _CONSUMER_COLUMNS) + " ON CONFLICT DO NOTHING"
        )
        self._bind_alias = sql.binder(asset_events_table, "alias")
        self._bind_partition = sql.binder(asset_events_table, "partition_key")
        self._bind_extra = sql.binder(asset_events_table, "extra")
        self._bind_moment = sql.binder(asset_events_table, "created_at")

    def write_events(self, scope: Scope, recorded: Iterable[NewAssetEvents], now: datetime) -> None:
        """Store events with the task that emitted them, if one did; add assets that are new."""
        created_at = self._bind_moment(now)
        rows: list[tuple[Any, ...]] = []
        for each in recorded:
            source = (None, None, None, None) if each.source is None else tuple(each.source)
            for report in each.events:
                asset_pk = self._asset(scope, report, created_at)
                rows.append(
                    (
                        asset_pk,
                        self._bind_alias(report.alias),
                        self._bind_extra(report.extra),
                        each.origin,
                        *source,
                        self._bind_partition(report.partition_key),
                        created_at,
                    )
                )
        scope.execute_many(self._insert_event, rows)
        scope.execute_many(
            self._touch, [(created_at, asset_pk) for asset_pk in sorted({row[0] for row in rows})]
        )

    def write_consumers(self, scope: Scope, consumed: Iterable[tuple[RunKey, tuple[int, ...]]]) -> None:
        """Store which events caused a run."""
        rows = [(scope.run_ids.find(key), event_pk) for key, event_pks in consumed for event_pk in event_pks]
        scope.execute_many(self._insert_consumer, rows)

    def _asset(
        self, scope: Scope, report: AssetEventReport, created_at: Any
    ) -> int:  # Any: as the driver binds it
        name, uri = report.name or report.uri or report.alias, report.uri or report.name or report.alias
        if report.name and report.uri:
            found = scope.execute(self._find, (name, uri)).fetchone()
        elif report.name:
            found = scope.execute(self._find_by_name, (name,)).fetchone()
        else:
            found = scope.execute(self._find_by_uri, (uri,)).fetchone()
        if found is None:
            found = scope.execute(self._insert_asset, (name, uri, "asset", created_at)).fetchone()
        return int(found[0])

"""Assets, the DAGs that use them, and their events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, Select, delete, exists, func, insert, or_, select

from etesian.lifecycle.records import RunKey
from etesian.protocol.requests import AssetEventItem
from etesian.spec.asset import AssetAliasSpec, AssetAll, AssetAny, AssetCondition, AssetRefSpec, AssetSpec
from etesian.spec.dag import DagSpec
from etesian.spec.schedule import AssetOrTimeSchedule, AssetSchedule
from etesian.store.queries.page import Page, Paging, count_up_to, order_columns
from etesian.store.queries.patterns import like
from etesian.store.queries.upsert import insert_into
from etesian.store.tables import (
    asset_aliases_table,
    asset_event_consumers_table,
    asset_events_table,
    assets_table,
    dag_assets_table,
    dag_runs_table,
    dags_table,
)

_asset = assets_table.c
_event = asset_events_table.c
_reference = dag_assets_table.c


class AssetUse(msgspec.Struct, frozen=True, kw_only=True):
    """One DAG's use of an asset."""

    dag_id: str
    role: str  #: schedule | watcher | inlet | outlet
    task_id: str  #: empty for a schedule


class AssetRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One asset and who uses it."""

    id: int
    name: str
    uri: str
    group: str
    extra: dict[str, object]
    created_at: datetime
    updated_at: datetime | None  #: of its newest event
    uses: tuple[AssetUse, ...] = ()


class AssetEventRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One event and what it caused."""

    id: int
    asset_id: int
    name: str
    uri: str
    group: str
    alias: str | None
    extra: dict[str, object]
    source: str  #: task | api | watcher
    source_dag_id: str | None
    source_run_id: str | None
    source_task_id: str | None
    source_map_index: int | None
    partition_key: str | None
    created_at: datetime
    consumers: tuple[RunKey, ...] = ()  #: the runs that it caused

    def to_item(self) -> AssetEventItem:
        """Return it as tasks see it."""
        return AssetEventItem(
            name=self.name,
            uri=self.uri,
            group=self.group,
            extra=self.extra,
            timestamp=self.created_at,
            source_dag_id=self.source_dag_id,
            source_run_id=self.source_run_id,
            source_task_id=self.source_task_id,
            source_map_index=-1 if self.source_map_index is None else self.source_map_index,
            aliases=() if self.alias is None else (self.alias,),
            partition_key=self.partition_key,
        )


class AssetEventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events a list is about; None means any."""

    asset_id: int | None = None
    name: str | None = None
    uri: str | None = None
    alias: str | None = None
    source_dag_id: str | None = None
    source_run_id: str | None = None
    source_task_id: str | None = None
    source_map_index: int | None = None
    since: datetime | None = None
    until: datetime | None = None


ORDERS: Final = {"id": _asset.id, "name": _asset.name, "uri": _asset.uri, "updated_at": _asset.updated_at}
EVENT_ORDERS: Final = {"id": _event.id, "timestamp": _event.created_at}
_EVENTS: Final = select(
    _event.id,
    _event.asset_pk.label("asset_id"),
    _asset.name,
    _asset.uri,
    _asset.asset_group.label("group"),
    _event.alias,
    _event.extra,
    _event.source,
    _event.source_dag_id,
    _event.source_run_id,
    _event.source_task_id,
    _event.source_map_index,
    _event.partition_key,
    _event.created_at,
).join_from(asset_events_table, assets_table, _asset.id == _event.asset_pk)


def forget_references(connection: Connection, dag_pk: int) -> None:
    """Forget which assets a DAG uses."""
    connection.execute(delete(dag_assets_table).where(_reference.dag_pk == dag_pk))


def insert_references(connection: Connection, dag_pk: int, spec: DagSpec, now: datetime) -> None:
    """Store which assets a DAG is scheduled by, watches, reads and writes."""
    numbers: dict[bytes, int | None] = {}
    rows: list[dict[str, object]] = []
    seen: set[tuple[int, str, str]] = set()
    for leaf, role, task_id in _references(spec):
        if isinstance(leaf, AssetAliasSpec):
            _save_alias(connection, leaf)
            continue
        key = msgspec.json.encode(leaf)
        if key not in numbers:
            numbers[key] = _asset_number(connection, leaf, now)
        asset_pk = numbers[key]
        if asset_pk is not None and (asset_pk, role, task_id) not in seen:
            seen.add((asset_pk, role, task_id))
            rows.append({"dag_pk": dag_pk, "asset_pk": asset_pk, "role": role, "task_id": task_id})
    if rows:
        connection.execute(insert(dag_assets_table), rows)


def find_or_insert_asset(connection: Connection, name: str | None, uri: str | None, now: datetime) -> int:
    """Return the number of an asset that is known by name or URI or both; one that is new is added."""
    if name is None or uri is None:
        found = _asset_number(connection, AssetRefSpec(name=name, uri=uri), now)
        if found is not None:
            return found
    known = AssetSpec(name=name or uri or "", uri=uri or name or "")
    statement = insert_into(connection, assets_table).values(
        name=known.name, uri=known.uri, asset_group=known.group, extra={}, created_at=now
    )
    connection.execute(statement.on_conflict_do_nothing())
    number: int = connection.execute(
        select(_asset.id).where(_asset.name == known.name, _asset.uri == known.uri)
    ).scalar_one()
    return number


def list_assets(
    connection: Connection,
    paging: Paging,
    *,
    name_pattern: str | None = None,
    uri_pattern: str | None = None,
    dag_ids: Sequence[str] = (),
) -> Page[AssetRecord]:
    """Return a page of assets, each with its uses.

    Raises:
        InvalidOrderError: they cannot be ordered like that.
    """
    statement: Select[Any] = select(assets_table)
    if name_pattern:
        statement = statement.where(like(_asset.name, name_pattern))
    if uri_pattern:
        statement = statement.where(like(_asset.uri, uri_pattern))
    if dag_ids:
        used = exists().where(_reference.asset_pk == _asset.id, _reference.dag_pk == dags_table.c.id)
        statement = statement.where(used.where(dags_table.c.dag_id.in_(dag_ids)))
    order = order_columns(paging.order_by, ORDERS, last=_asset.id)
    rows = connection.execute(statement.order_by(*order).limit(paging.limit).offset(paging.offset)).all()
    uses = _load_uses(connection, [row.id for row in rows])
    return Page([_record(row, uses.get(row.id, ())) for row in rows], count_up_to(connection, statement))


def load_asset(connection: Connection, asset_id: int) -> AssetRecord | None:
    """Return one asset; None when there is none of that number."""
    row = connection.execute(select(assets_table).where(_asset.id == asset_id)).one_or_none()
    return None if row is None else _record(row, _load_uses(connection, [row.id]).get(row.id, ()))


def list_events(connection: Connection, wanted: AssetEventFilter, paging: Paging) -> Page[AssetEventRecord]:
    """Return a page of events, the oldest first unless ordered otherwise, each with the runs that it caused.

    Raises:
        InvalidOrderError: they cannot be ordered like that.
    """
    return Page(find_events(connection, wanted, paging), count_up_to(connection, _filtered(_EVENTS, wanted)))


def find_events(connection: Connection, wanted: AssetEventFilter, paging: Paging) -> list[AssetEventRecord]:
    """Return what ``list_events`` does, without counting."""
    order = order_columns(paging.order_by, EVENT_ORDERS, last=_event.id)
    statement = _filtered(_EVENTS, wanted).order_by(*order).limit(paging.limit).offset(paging.offset)
    return _with_consumers(connection, connection.execute(statement).all())


def load_events_of_run(connection: Connection, key: RunKey) -> list[AssetEventRecord]:
    """Return the events that caused a run, the oldest first."""
    consumer = asset_event_consumers_table.c
    rows = connection.execute(
        _EVENTS.join(asset_event_consumers_table, consumer.event_pk == _event.id)
        .join(dag_runs_table, dag_runs_table.c.id == consumer.run_pk)
        .join(dags_table, dags_table.c.id == dag_runs_table.c.dag_pk)
        .where(dags_table.c.dag_id == key.dag_id, dag_runs_table.c.run_id == key.run_id)
        .order_by(_event.id)
    )
    return [AssetEventRecord(**row._mapping) for row in rows]


def load_unconsumed_events(
    connection: Connection, dag_id: str, *, aliases: Collection[str] = (), limit: int = 10_000
) -> list[AssetEventRecord]:
    """Return events of what schedules a DAG, assets and ``aliases``, that caused none of its runs yet.

    Those of partitions are none of its concern, as in Airflow. The oldest first. Events that are older than the
    newest one consumed do not count: they were passed over.
    """
    dag_pk = select(dags_table.c.id).where(dags_table.c.dag_id == dag_id).scalar_subquery()
    consumer = asset_event_consumers_table.c
    newest = (
        select(func.coalesce(func.max(consumer.event_pk), 0))
        .join(dag_runs_table, dag_runs_table.c.id == consumer.run_pk)
        .where(dag_runs_table.c.dag_pk == dag_pk)
        .scalar_subquery()
    )
    scheduled_by = exists().where(
        _reference.dag_pk == dag_pk, _reference.asset_pk == _event.asset_pk, _reference.role == "schedule"
    )
    rows = connection.execute(
        _EVENTS.where(
            _event.id > newest,
            _event.partition_key.is_(None),
            or_(scheduled_by, _event.alias.in_(aliases)),
        )
        .order_by(_event.id)
        .limit(limit)
    )
    return [AssetEventRecord(**row._mapping) for row in rows]


def load_partition_events(
    connection: Connection, dag_id: str, *, aliases: Collection[str] = (), limit: int = 20_000
) -> list[tuple[AssetEventRecord, frozenset[str]]]:
    """Return events of partitions of what schedules a DAG, each with the DAG's own partitions that it was used for.

    The oldest first, of the newest ``limit``.
    """
    dag_pk = select(dags_table.c.id).where(dags_table.c.dag_id == dag_id).scalar_subquery()
    scheduled_by = exists().where(
        _reference.dag_pk == dag_pk, _reference.asset_pk == _event.asset_pk, _reference.role == "schedule"
    )
    rows = connection.execute(
        _EVENTS.where(_event.partition_key.is_not(None), or_(scheduled_by, _event.alias.in_(aliases)))
        .order_by(_event.id.desc())
        .limit(limit)
    ).all()
    if not rows:
        return []
    consumer = asset_event_consumers_table.c
    used: dict[int, set[str]] = {}
    found = connection.execute(
        select(consumer.event_pk, dag_runs_table.c.partition_key)
        .join(dag_runs_table, dag_runs_table.c.id == consumer.run_pk)
        .where(
            dag_runs_table.c.dag_pk == dag_pk,
            dag_runs_table.c.partition_key.is_not(None),
            consumer.event_pk >= rows[-1].id,
        )
    )
    for event_pk, key in found:
        used.setdefault(event_pk, set()).add(key)
    return [(AssetEventRecord(**row._mapping), frozenset(used.get(row.id, ()))) for row in reversed(rows)]


def _filtered(statement: Select[Any], wanted: AssetEventFilter) -> Select[Any]:  # Any: the columns
    equal = {
        _event.asset_pk: wanted.asset_id,
        _asset.name: wanted.name,
        _asset.uri: wanted.uri,
        _event.alias: wanted.alias,
        _event.source_dag_id: wanted.source_dag_id,
        _event.source_run_id: wanted.source_run_id,
        _event.source_task_id: wanted.source_task_id,
        _event.source_map_index: wanted.source_map_index,
    }
    statement = statement.where(*(column == value for column, value in equal.items() if value is not None))
    if wanted.since is not None:
        statement = statement.where(_event.created_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(_event.created_at <= wanted.until)
    return statement


def _with_consumers(
    connection: Connection, rows: Sequence[Row[Any]]
) -> list[AssetEventRecord]:  # Any: columns
    consumer = asset_event_consumers_table.c
    caused: dict[int, list[RunKey]] = {}
    if rows:
        found = connection.execute(
            select(consumer.event_pk, dags_table.c.dag_id, dag_runs_table.c.run_id)
            .join(dag_runs_table, dag_runs_table.c.id == consumer.run_pk)
            .join(dags_table, dags_table.c.id == dag_runs_table.c.dag_pk)
            .where(consumer.event_pk.in_([row.id for row in rows]))
            .order_by(consumer.run_pk)
        )
        for event_pk, dag_id, run_id in found:
            caused.setdefault(event_pk, []).append(RunKey(dag_id, run_id))
    return [AssetEventRecord(**row._mapping, consumers=tuple(caused.get(row.id, ()))) for row in rows]


def _load_uses(connection: Connection, asset_pks: Sequence[int]) -> dict[int, tuple[AssetUse, ...]]:
    if not asset_pks:
        return {}
    uses: dict[int, list[AssetUse]] = {}
    rows = connection.execute(
        select(_reference.asset_pk, dags_table.c.dag_id, _reference.role, _reference.task_id)
        .join(dags_table, dags_table.c.id == _reference.dag_pk)
        .where(_reference.asset_pk.in_(asset_pks), dags_table.c.is_active)
        .order_by(dags_table.c.dag_id, _reference.role, _reference.task_id)
    )
    for asset_pk, dag_id, role, task_id in rows:
        uses.setdefault(asset_pk, []).append(AssetUse(dag_id=dag_id, role=role, task_id=task_id))
    return {asset_pk: tuple(found) for asset_pk, found in uses.items()}


def _record(row: Row[Any], uses: tuple[AssetUse, ...]) -> AssetRecord:  # Any: the columns
    return AssetRecord(
        id=row.id,
        name=row.name,
        uri=row.uri,
        group=row.asset_group,
        extra=row.extra,
        created_at=row.created_at,
        updated_at=row.updated_at,
        uses=uses,
    )


def _references(spec: DagSpec) -> Iterator[tuple[AssetSpec | AssetAliasSpec | AssetRefSpec, str, str]]:
    if isinstance(spec.schedule, AssetSchedule | AssetOrTimeSchedule):
        for leaf in _leaves(spec.schedule.condition):
            yield leaf, "schedule", ""
    for watcher in spec.watchers:
        yield watcher.asset, "watcher", ""
    for task in spec.tasks:
        for leaf in task.inlets:
            yield leaf, "inlet", task.task_id
        for leaf in task.outlets:
            yield leaf, "outlet", task.task_id


def scheduling_aliases(spec: DagSpec) -> tuple[str, ...]:
    """Return the names of the aliases that a DAG is scheduled by."""
    found = (
        leaf.name
        for leaf, role, _ in _references(spec)
        if role == "schedule" and isinstance(leaf, AssetAliasSpec)
    )
    return tuple(dict.fromkeys(found))


def _leaves(condition: AssetCondition) -> Iterable[AssetSpec | AssetAliasSpec | AssetRefSpec]:
    if isinstance(condition, AssetAll | AssetAny):
        for part in condition.parts:
            yield from _leaves(part)
    else:
        yield condition


def _save_alias(connection: Connection, alias: AssetAliasSpec) -> None:
    statement = insert_into(connection, asset_aliases_table).values(name=alias.name, asset_group=alias.group)
    connection.execute(statement.on_conflict_do_nothing())


def _asset_number(connection: Connection, asset: AssetSpec | AssetRefSpec, now: datetime) -> int | None:
    if isinstance(asset, AssetSpec):
        statement = insert_into(connection, assets_table).values(
            name=asset.name, uri=asset.uri, asset_group=asset.group, extra=asset.extra, created_at=now
        )
        number: int = connection.execute(
            statement.on_conflict_do_update(
                index_elements=["name", "uri"], set_={"asset_group": asset.group, "extra": asset.extra}
            ).returning(_asset.id)
        ).scalar_one()
        return number
    named = _asset.name == asset.name if asset.name is not None else _asset.uri == asset.uri
    return connection.execute(select(_asset.id).where(named).order_by(_asset.id.desc()).limit(1)).scalar()

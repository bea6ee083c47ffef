"""The versions of DAGs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, Select, select

from etesian.spec.asset import WatcherSpec
from etesian.spec.codec import decode_dag
from etesian.spec.dag import DagSpec
from etesian.store.errors import StoreError
from etesian.store.tables import VERSION_IS_IN_FORCE, dag_assets_table, dag_versions_table, dags_table

_dag = dags_table.c
_version = dag_versions_table.c


class StoredSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a DAG with its spec."""

    spec: DagSpec
    version_hash: str
    number: int
    code_hash: str
    bundle: str
    bundle_version: str | None
    created_at: datetime
    is_paused: bool  #: of the DAG, now
    is_active: bool  #: of the DAG, now


class VersionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a DAG, without its spec."""

    dag_id: str
    number: int
    version_hash: str
    code_hash: str
    bundle: str
    bundle_version: str | None
    created_at: datetime


class UnknownVersionError(StoreError):
    """The DAG has no such version."""


_STORED: Final[Select[Any]] = select(
    _version.spec,
    _version.hash,
    _version.number,
    _version.code_hash,
    _version.bundle,
    _version.bundle_version,
    _version.created_at,
    _dag.is_paused,
    _dag.is_active,
)
_RECORDS: Final[Select[Any]] = select(
    _dag.dag_id,
    _version.number,
    _version.hash.label("version_hash"),
    _version.code_hash,
    _version.bundle,
    _version.bundle_version,
    _version.created_at,
).join_from(dags_table, dag_versions_table, _version.dag_pk == _dag.id)
_in_force = _STORED.join_from(dags_table, dag_versions_table, VERSION_IS_IN_FORCE)
_of_dag = _STORED.join_from(dags_table, dag_versions_table, _version.dag_pk == _dag.id)

_WATCHING: Final = select(dag_assets_table.c.dag_pk).where(dag_assets_table.c.role == "watcher")


def load_newest_spec(connection: Connection, dag_id: str) -> StoredSpec | None:
    """Return the version in force; None when the DAG is not known."""
    row = connection.execute(_in_force.where(_dag.dag_id == dag_id)).one_or_none()
    return None if row is None else _stored(row)


def load_active_specs(connection: Connection) -> Iterator[StoredSpec]:
    """Yield the versions in force of all active DAGs, by dag_id."""
    for row in connection.execute(_in_force.where(_dag.is_active).order_by(_dag.dag_id)):
        yield _stored(row)


def load_watchers(connection: Connection) -> list[WatcherSpec]:
    """Return the asset watchers of all active DAGs that are not paused, each once, by DAG."""
    is_on = (_dag.is_active, _dag.is_paused.is_(False), _dag.id.in_(_WATCHING))
    found: list[WatcherSpec] = []
    for row in connection.execute(_in_force.where(*is_on).order_by(_dag.dag_id)):
        found += [watcher for watcher in _stored(row).spec.watchers if watcher not in found]
    return found


def load_spec(connection: Connection, dag_id: str, version_hash: str) -> StoredSpec:
    """Return one version.

    Raises:
        UnknownVersionError: there is none of that hash.
    """
    row = connection.execute(
        _of_dag.where(_dag.dag_id == dag_id, _version.hash == version_hash)
    ).one_or_none()
    if row is None:
        raise UnknownVersionError(f"DAG {dag_id!r} has no version with the hash {version_hash!r}")
    return _stored(row)


def load_numbered_spec(connection: Connection, dag_id: str, number: int) -> StoredSpec:
    """Return one version.

    Raises:
        UnknownVersionError: there is none of that number.
    """
    row = connection.execute(_of_dag.where(_dag.dag_id == dag_id, _version.number == number)).one_or_none()
    if row is None:
        raise UnknownVersionError(f"DAG {dag_id!r} has no version {number}")
    return _stored(row)


def list_versions(connection: Connection, dag_id: str) -> list[VersionRecord]:
    """Return the versions of a DAG, the newest first."""
    rows = connection.execute(_RECORDS.where(_dag.dag_id == dag_id).order_by(_version.number.desc()))
    return [VersionRecord(**row._mapping) for row in rows]


def find_versions(
    connection: Connection, wanted: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], VersionRecord]:
    """Return versions by dag_id and hash; those that are gone are left out."""
    pairs = set(wanted)
    rows = connection.execute(
        _RECORDS.where(
            _dag.dag_id.in_({dag_id for dag_id, _ in pairs}),
            _version.hash.in_({version_hash for _, version_hash in pairs}),
        )
    )
    found = (VersionRecord(**row._mapping) for row in rows)
    return {(version.dag_id, version.version_hash): version for version in found}


def load_source(connection: Connection, dag_id: str, number: int | None = None) -> str | None:
    """Return the source code of a version, or of the one in force; None when there is none."""
    chosen = VERSION_IS_IN_FORCE if number is None else _version.number == number
    return connection.execute(
        select(_version.source)
        .join_from(dags_table, dag_versions_table, _version.dag_pk == _dag.id)
        .where(_dag.dag_id == dag_id, chosen)
    ).scalar_one_or_none()


def _stored(row: Row[Any]) -> StoredSpec:  # Any: the columns
    return StoredSpec(
        spec=decode_dag(row.spec),
        version_hash=row.hash,
        number=row.number,
        code_hash=row.code_hash,
        bundle=row.bundle,
        bundle_version=row.bundle_version,
        created_at=row.created_at,
        is_paused=row.is_paused,
        is_active=row.is_active,
    )

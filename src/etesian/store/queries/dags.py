"""DAGs as lists show them, and their specs as the parser stores them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import (
    Connection,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)

from etesian.protocol.commands import DagGone, PauseChanged, SpecChanged
from etesian.spec.codec import compute_hash, encode_dag
from etesian.spec.dag import DagSpec
from etesian.store.errors import DuplicateDagError, UnknownDagError
from etesian.store.queries import assets, inbox
from etesian.store.queries.page import Page, Paging, count_up_to, order_columns
from etesian.store.queries.patterns import like
from etesian.store.tables import VERSION_IS_IN_FORCE, dag_tags_table, dag_versions_table, dags_table

_dag = dags_table.c
_version = dag_versions_table.c


class DagRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a DAG without reading its spec."""

    dag_id: str
    bundle: str
    file: str
    is_paused: bool
    pause_reason: str | None  #: why the scheduler paused it; None: a person did, or it is not paused
    is_active: bool  #: False: its file no longer defines it
    version_number: int
    version_hash: str
    code_hash: str
    display_name: str | None
    description: str | None
    owners: list[str]
    tags: list[str]
    schedule_text: str
    schedule_kind: str  #: the tag of its schedule in ``spec.schedule``
    timezone: str
    task_count: int
    max_active_runs: int
    max_active_tasks: int
    max_consecutive_failed_runs: int
    next_run_after: datetime | None
    next_logical_date: datetime | None
    next_data_interval_start: datetime | None
    next_data_interval_end: datetime | None
    last_parsed_at: datetime | None
    created_at: datetime
    bundle_version: str | None


class DagFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which DAGs a list is about; None means any."""

    dag_ids: Sequence[str] | None = None
    dag_id_pattern: str | None = None  #: part of the dag_id, or with ``%`` and ``_`` as in SQL
    display_name_pattern: str | None = None
    tags: Sequence[str] = ()
    all_tags: bool = False  #: all of ``tags``, not just one
    owners: Sequence[str] = ()
    is_paused: bool | None = None
    is_active: bool | None = True
    bundle: str | None = None
    file: str | None = None


# Made once and given values when they run: that is what a start with a thousand DAGs waits for.
_INSERT_DAG: Final = insert(dags_table).returning(_dag.id)
_UPDATE_DAG: Final = update(dags_table).where(_dag.id == bindparam("dag_pk"))
_INSERT_VERSION: Final = insert(dag_versions_table)
_KNOWN: Final = (
    select(
        _dag.id,
        _dag.bundle,
        _dag.file,
        _dag.is_active,
        and_(
            _version.spec == bindparam("spec"),
            _version.code_hash == bindparam("code_hash"),
            _version.hash == bindparam("version_hash"),
            _version.bundle_version.is_not_distinct_from(bindparam("bundle_version")),
        ).label("is_same"),
    )
    .join(dag_versions_table, VERSION_IS_IN_FORCE, isouter=True)
    .where(_dag.dag_id == bindparam("dag_id"))
)
_COLUMNS: Final = [_dag[name] for name in DagRecord.__struct_fields__]
ORDERS: Final = {
    "dag_id": _dag.dag_id,
    "dag_display_name": func.coalesce(_dag.display_name, _dag.dag_id),
    "is_paused": _dag.is_paused,
    "next_run_after": _dag.next_run_after,
    "last_parsed_at": _dag.last_parsed_at,
    "owners": _dag.owners,
}


def load_dag(connection: Connection, dag_id: str) -> DagRecord:
    """Return one DAG, gone or not.

    Raises:
        UnknownDagError: there never was one of that name.
    """
    row = connection.execute(select(*_COLUMNS).where(_dag.dag_id == dag_id)).one_or_none()
    if row is None:
        raise UnknownDagError(dag_id)
    return _record(row)


def list_dags(connection: Connection, wanted: DagFilter, paging: Paging) -> Page[DagRecord]:
    """Return a page of the DAGs that fit a filter, by dag_id unless ordered otherwise.

    Raises:
        InvalidOrderError: they cannot be ordered like that.
    """
    statement = _filtered(select(*_COLUMNS), wanted)
    order = order_columns(paging.order_by, ORDERS, last=_dag.dag_id)
    rows = connection.execute(statement.order_by(*order).limit(paging.limit).offset(paging.offset))
    return Page([_record(row) for row in rows], count_up_to(connection, statement))


def load_tags(connection: Connection) -> list[str]:
    """Return the tags of all active DAGs, sorted."""
    statement = (
        select(dag_tags_table.c.tag)
        .join(dags_table, _dag.id == dag_tags_table.c.dag_pk)
        .where(_dag.is_active)
        .distinct()
        .order_by(dag_tags_table.c.tag)
    )
    return list(connection.execute(statement).scalars())


def load_paused_dag_ids(connection: Connection) -> frozenset[str]:
    """Return the dag_ids of all paused DAGs."""
    return frozenset(connection.execute(select(_dag.dag_id).where(_dag.is_paused)).scalars())


def set_paused(connection: Connection, dag_id: str, is_paused: bool, *, now: datetime) -> bool:
    """Pause or unpause a DAG, tell the scheduler, and say whether that changed anything.

    Raises:
        UnknownDagError: there is none of that name.
    """
    found = connection.execute(select(_dag.is_paused).where(_dag.dag_id == dag_id)).one_or_none()
    if found is None:
        raise UnknownDagError(dag_id)
    if found.is_paused == is_paused:
        return False
    connection.execute(
        update(dags_table).where(_dag.dag_id == dag_id).values(is_paused=is_paused, pause_reason=None)
    )
    inbox.append(connection, PauseChanged(dag_id=dag_id, is_paused=is_paused), now=now)
    return True


def save_spec(
    connection: Connection,
    spec: DagSpec,
    *,
    bundle: str,
    code_hash: str,
    source: str,
    now: datetime,
    bundle_version: str | None = None,
    is_paused_at_creation: bool = True,
) -> bool:
    """Store what a file says of a DAG, tell the scheduler, and say whether that changed anything.

    A spec with a new hash becomes a new version. A spec that was stored before becomes the version in force
    again, with the code of now. ``is_paused_at_creation`` is for a new DAG whose spec does not say.

    Raises:
        DuplicateDagError: an active DAG of that name is defined in another file.
    """
    text, version_hash = encode_dag(spec).decode(), compute_hash(spec)
    version = {
        "bundle": bundle,
        "bundle_version": bundle_version,
        "code_hash": code_hash,
        "spec": text,
        "source": source,
    }
    summary = _summary(spec) | {
        "bundle": bundle,
        "is_active": True,
        "version_hash": version_hash,
        "code_hash": code_hash,
        "bundle_version": bundle_version,
        "last_parsed_at": now,
    }
    asked = {
        "dag_id": spec.dag_id,
        "spec": text,
        "code_hash": code_hash,
        "version_hash": version_hash,
        "bundle_version": bundle_version,
    }
    known = connection.execute(_KNOWN, asked).one_or_none()
    if known is None:
        is_paused = (
            is_paused_at_creation if spec.is_paused_upon_creation is None else spec.is_paused_upon_creation
        )
        dag_pk = _insert_dag(connection, spec.dag_id, summary | {"is_paused": is_paused}, now)
        _insert_version(connection, dag_pk, 1, version_hash, version, now)
    else:
        dag_pk = known.id
        if known.is_active and (known.bundle, known.file) != (bundle, spec.file):
            known_place, new_place = _place(known.bundle, known.file), _place(bundle, spec.file)
            raise DuplicateDagError(spec.dag_id, known_place=known_place, new_place=new_place)
        if known.is_active and known.is_same:
            connection.execute(_UPDATE_DAG, {"last_parsed_at": now, "dag_pk": dag_pk})
            return False
        number = _save_version(connection, dag_pk, version_hash, version, now)
        connection.execute(_UPDATE_DAG, summary | {"version_number": number, "dag_pk": dag_pk})
        connection.execute(delete(dag_tags_table).where(dag_tags_table.c.dag_pk == dag_pk))
        assets.forget_references(connection, dag_pk)
    _insert_tags(connection, dag_pk, spec.tags)
    assets.insert_references(connection, dag_pk, spec, now)
    inbox.append(connection, SpecChanged(dag_id=spec.dag_id), now=now)
    return True


def set_bundle_version(
    connection: Connection, *, bundle: str, file: str, version: str, now: datetime
) -> bool:
    """Note that a file and all that it reads are the same in another version of their bundle; tell the scheduler.

    Returns whether that changed anything.
    """
    moved = (
        update(dags_table)
        .where(
            _dag.bundle == bundle,
            _dag.file == file,
            _dag.is_active,
            _dag.bundle_version.is_distinct_from(version),
        )
        .values(bundle_version=version)
        .returning(_dag.id, _dag.dag_id, _dag.version_number)
    )
    found = sorted(connection.execute(moved), key=lambda row: row.dag_id)
    for row in found:
        is_in_force = (_version.dag_pk == row.id, _version.number == row.version_number)
        connection.execute(update(dag_versions_table).where(*is_in_force).values(bundle_version=version))
    inbox.append(connection, *(SpecChanged(dag_id=row.dag_id) for row in found), now=now)
    return bool(found)


def mark_dags_gone(connection: Connection, dag_ids: Iterable[str], *, now: datetime) -> list[str]:
    """Note that no file defines these DAGs any more, tell the scheduler, and return those that were active.

    They keep their history and their versions, and come back when a file defines them again.
    """
    gone = (
        update(dags_table)
        .where(_dag.dag_id.in_(list(dag_ids)), _dag.is_active)
        .values(is_active=False, next_run_after=None)
        .returning(_dag.dag_id)
    )
    found = sorted(connection.execute(gone).scalars())
    inbox.append(connection, *(DagGone(dag_id=dag_id) for dag_id in found), now=now)
    return found


def load_files(connection: Connection) -> dict[tuple[str, str], list[str]]:
    """Return the active DAGs by the file that defines them: (bundle, file) to dag_ids."""
    files: dict[tuple[str, str], list[str]] = {}
    for row in connection.execute(
        select(_dag.bundle, _dag.file, _dag.dag_id)
        .where(_dag.is_active)
        .order_by(_dag.bundle, _dag.file, _dag.dag_id)
    ):
        files.setdefault((row.bundle, row.file), []).append(row.dag_id)
    return files


def _insert_dag(connection: Connection, dag_id: str, values: dict[str, object], now: datetime) -> int:
    row = values | {"dag_id": dag_id, "version_number": 1, "created_at": now}
    dag_pk: int = connection.execute(_INSERT_DAG, row).scalar_one()
    return dag_pk


def _insert_version(
    connection: Connection,
    dag_pk: int,
    number: int,
    version_hash: str,
    values: dict[str, str | None],
    now: datetime,
) -> None:
    row = values | {"dag_pk": dag_pk, "number": number, "hash": version_hash, "created_at": now}
    connection.execute(_INSERT_VERSION, row)


def _save_version(
    connection: Connection, dag_pk: int, version_hash: str, values: dict[str, str | None], now: datetime
) -> int:
    of_dag = _version.dag_pk == dag_pk
    number: int | None = connection.execute(
        update(dag_versions_table)
        .where(of_dag, _version.hash == version_hash)
        .values(values)
        .returning(_version.number)
    ).scalar_one_or_none()
    if number is None:
        newest: int = connection.execute(select(func.max(_version.number)).where(of_dag)).scalar() or 0
        number = newest + 1
        _insert_version(connection, dag_pk, number, version_hash, values, now)
    return number


def _summary(spec: DagSpec) -> dict[str, object]:
    return {
        "file": spec.file,
        "display_name": spec.display_name,
        "description": spec.description,
        "owners": list(spec.owners),
        "tags": list(spec.tags),
        "schedule_text": spec.schedule_text,
        "schedule_kind": spec.schedule.__struct_config__.tag,
        "timezone": spec.timezone,
        "task_count": len(spec.tasks),
        "max_active_runs": spec.max_active_runs,
        "max_active_tasks": spec.max_active_tasks,
        "max_consecutive_failed_runs": spec.max_consecutive_failed_runs,
    }


def _insert_tags(connection: Connection, dag_pk: int, tags: Iterable[str]) -> None:
    rows = [{"dag_pk": dag_pk, "tag": tag} for tag in sorted(set(tags))]
    if rows:
        connection.execute(insert(dag_tags_table), rows)


def _place(bundle: str, file: str) -> str:
    return f"{file!r} of bundle {bundle!r}"


def _filtered(statement: Select[Any], wanted: DagFilter) -> Select[Any]:  # Any: the columns
    if wanted.is_active is not None:
        statement = statement.where(_dag.is_active == wanted.is_active)
    if wanted.is_paused is not None:
        statement = statement.where(_dag.is_paused == wanted.is_paused)
    if wanted.dag_ids is not None:
        statement = statement.where(_dag.dag_id.in_(wanted.dag_ids))
    if wanted.bundle is not None:
        statement = statement.where(_dag.bundle == wanted.bundle)
    if wanted.file is not None:
        statement = statement.where(_dag.file == wanted.file)
    if wanted.dag_id_pattern:
        statement = statement.where(like(_dag.dag_id, wanted.dag_id_pattern))
    if wanted.display_name_pattern:
        shown = func.coalesce(_dag.display_name, _dag.dag_id)
        statement = statement.where(like(shown, wanted.display_name_pattern))
    return _with_tags_and_owners(statement, wanted)


def _with_tags_and_owners(statement: Select[Any], wanted: DagFilter) -> Select[Any]:  # Any: the columns
    has_tag = exists().where(dag_tags_table.c.dag_pk == _dag.id)
    if wanted.tags and wanted.all_tags:
        for tag in wanted.tags:
            statement = statement.where(has_tag.where(dag_tags_table.c.tag == tag))
    elif wanted.tags:
        statement = statement.where(has_tag.where(dag_tags_table.c.tag.in_(wanted.tags)))
    if wanted.owners:
        quoted = (msgspec.json.encode(owner).decode() for owner in wanted.owners)
        as_text = type_coerce(_dag.owners, Text)
        statement = statement.where(or_(*(as_text.contains(owner, autoescape=True) for owner in quoted)))
    return statement


def _record(row: Row[Any]) -> DagRecord:  # Any: the columns
    return DagRecord(**row._mapping)

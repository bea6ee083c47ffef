"""What the start page shows: DAGs with their newest runs, and how many there are of each kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, case, exists, func, literal, or_, select

from etesian.lifecycle.state import RunState, RunType
from etesian.store.tables import (
    RUN_IS_UNFINISHED,
    dag_runs_table,
    dag_tags_table,
    dags_table,
    import_errors_table,
)

#: What the list can be narrowed to.
KINDS: Final = ("all", "active", "paused", "running", "failed")

_dags = dags_table.c
_runs = dag_runs_table.c
_BEGINNING: Final = literal(datetime(1970, 1, 1, tzinfo=UTC), _runs.run_after.type)


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One run, as a coloured square."""

    run_id: str
    run_type: RunType
    state: RunState
    run_after: datetime
    logical_date: datetime | None
    started_at: datetime | None
    ended_at: datetime | None


class DagSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One DAG, as a row of the list."""

    dag_id: str
    dag_display_name: str
    description: str | None
    is_paused: bool
    schedule: str
    next_run_after: datetime | None
    owners: Sequence[str]
    tags: Sequence[str]
    file: str
    task_count: int
    has_import_errors: bool
    recent_runs: Sequence[RunSummary]  #: the oldest first


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many DAGs there are of each of ``KINDS``."""

    all: int
    active: int
    paused: int
    running: int
    failed: int


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the list."""

    dags: Sequence[DagSummary]
    total_entries: int  #: that fit the filter, over all pages
    counts: Counts


_newest_state = (
    select(_runs.state)
    .where(_runs.dag_pk == _dags.id)
    .order_by(_runs.run_after.desc())
    .limit(1)
    .scalar_subquery()
)
_has_open_run = exists().where(_runs.dag_pk == _dags.id, RUN_IS_UNFINISHED)
_has_import_error = exists().where(
    import_errors_table.c.bundle == _dags.bundle, import_errors_table.c.file == _dags.file
)
_CONDITIONS: Final[dict[str, ColumnElement[bool] | None]] = {
    "all": None,
    "active": ~_dags.is_paused,
    "paused": _dags.is_paused,
    "running": _has_open_run,
    "failed": _newest_state == RunState.FAILED,
}


def load_overview(
    connection: Connection,
    *,
    kind: str = "all",
    search: str = "",
    limit: int = 50,
    offset: int = 0,
    runs: int = 14,
) -> Overview:
    """Return a page of the DAGs whose name or tag contains ``search``, each with its newest ``runs`` runs."""
    fits = [_dags.is_active, *_matches(search)]
    condition = _CONDITIONS[kind]
    if condition is not None:
        fits.append(condition)
    total = connection.execute(select(func.count()).select_from(dags_table).where(*fits)).scalar_one()
    rows = connection.execute(
        select(dags_table, _has_import_error.label("has_import_errors"))
        .where(*fits)
        .order_by(_dags.dag_id)
        .limit(limit)
        .offset(offset)
    ).all()
    recent = _load_recent_runs(connection, [row.id for row in rows], runs)
    summaries = [_summary(row, recent.get(row.id, [])) for row in rows]
    return Overview(dags=summaries, total_entries=total, counts=_load_counts(connection))


def load_summary(connection: Connection, dag_id: str) -> DagSummary | None:
    """Return one DAG without its runs; None when it is not known."""
    row = connection.execute(
        select(dags_table, _has_import_error.label("has_import_errors")).where(_dags.dag_id == dag_id)
    ).one_or_none()
    return None if row is None else _summary(row, [])


def load_broken_files(connection: Connection, files: Iterable[str]) -> set[tuple[str, str]]:
    """Return those of these files that cannot be imported now, as (bundle, file)."""
    error = import_errors_table.c
    rows = connection.execute(select(error.bundle, error.file).where(error.file.in_(set(files))))
    return {(row.bundle, row.file) for row in rows}


def _matches(search: str) -> list[ColumnElement[bool]]:
    if not search:
        return []
    tagged = exists().where(
        dag_tags_table.c.dag_pk == _dags.id, dag_tags_table.c.tag.icontains(search, autoescape=True)
    )
    return [
        or_(
            _dags.dag_id.icontains(search, autoescape=True),
            _dags.display_name.icontains(search, autoescape=True),
            tagged,
        )
    ]


def _load_counts(connection: Connection) -> Counts:
    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    row = connection.execute(
        select(
            func.count().label("all"),
            *(count(item).label(kind) for kind, item in _CONDITIONS.items() if item is not None),
        )
        .select_from(dags_table)
        .where(_dags.is_active)
    ).one()
    return Counts(**row._mapping)


def _load_recent_runs(
    connection: Connection, dag_pks: Sequence[int], count: int
) -> dict[int, list[RunSummary]]:
    # The oldest moment wanted of each DAG is found by its index, so history beyond it is never read.
    older = dag_runs_table.alias()
    oldest_wanted = (
        select(older.c.run_after)
        .where(older.c.dag_pk == _dags.id)
        .order_by(older.c.run_after.desc())
        .limit(1)
        .offset(count - 1)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(
            _runs.dag_pk, _runs.run_id, _runs.run_type, _runs.state, _runs.run_after, _runs.logical_date,
            _runs.started_at, _runs.ended_at,
        )
        .select_from(dags_table.join(dag_runs_table, _runs.dag_pk == _dags.id))
        .where(_dags.id.in_(dag_pks), _runs.run_after >= func.coalesce(oldest_wanted, _BEGINNING))
        .order_by(_runs.run_after, _runs.id)
    )  # fmt: skip
    found: dict[int, list[RunSummary]] = {}
    for dag_pk, run_id, run_type, state, run_after, logical_date, started_at, ended_at in rows:
        summary = RunSummary(
            run_id=run_id,
            run_type=run_type,
            state=state,
            run_after=run_after,
            logical_date=logical_date,
            started_at=started_at,
            ended_at=ended_at,
        )
        found.setdefault(dag_pk, []).append(summary)
    return {dag_pk: summaries[-count:] for dag_pk, summaries in found.items()}


def _summary(row: Row[tuple[object, ...]], runs: Sequence[RunSummary]) -> DagSummary:
    return DagSummary(
        dag_id=row.dag_id,
        dag_display_name=row.display_name or row.dag_id,
        description=row.description,
        is_paused=row.is_paused,
        schedule=row.schedule_text,
        next_run_after=row.next_run_after,
        owners=row.owners,
        tags=row.tags,
        file=row.file,
        task_count=row.task_count,
        has_import_errors=bool(row.has_import_errors),
        recent_runs=runs,
    )

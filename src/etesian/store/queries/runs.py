"""DAG runs: made by API and CLI, read by everyone. The scheduler writes them through ``batch``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, Select, Text, bindparam, exists, func, select, type_coerce

from etesian.lifecycle.records import DagRunRecord, RunKey
from etesian.lifecycle.state import FINAL_RUN_STATES, RunState, RunType
from etesian.protocol.commands import RunRequested
from etesian.spec.schedule import SchedulePoint
from etesian.store.errors import RunExistsError, UnknownDagError, UnknownRunError
from etesian.store.queries import inbox
from etesian.store.queries.page import Page, Paging, count_up_to, order_columns
from etesian.store.queries.patterns import Between, among_states, like
from etesian.store.queries.upsert import insert_into
from etesian.store.tables import (
    RUN_HAS_FAILED,
    RUN_IS_SCHEDULED,
    RUN_IS_UNFINISHED,
    TASK_IS_ACTIVE,
    dag_runs_table,
    dags_table,
    task_instances_table,
)

_dag = dags_table.c
_run = dag_runs_table.c
_task = task_instances_table.c

RUN_COLUMNS: Final = [
    _dag.dag_id,
    *(_run[name] for name in DagRunRecord.__struct_fields__ if name != "dag_id"),
]
RUNS: Final = select(*RUN_COLUMNS).join_from(dag_runs_table, dags_table, _dag.id == _run.dag_pk)
_ONE: Final = RUNS.where(_dag.dag_id == bindparam("dag_id"), _run.run_id == bindparam("run_id"))
ORDERS: Final = {
    "id": _run.id,
    "dag_id": _dag.dag_id,
    "run_id": _run.run_id,
    "state": _run.state,
    "run_type": _run.run_type,
    "logical_date": _run.logical_date,
    "run_after": _run.run_after,
    "queued_at": _run.queued_at,
    "started_at": _run.started_at,
    "ended_at": _run.ended_at,
    "conf": _run.conf,
}
#: Dates that a leader is told of one DAG. If more are taken, it learns the others when it reaches them.
MAX_TAKEN_DATES: Final = 1000
_INDEXED_STATES: Final = (
    (frozenset(RunState) - FINAL_RUN_STATES, RUN_IS_UNFINISHED),
    (frozenset({RunState.FAILED}), RUN_HAS_FAILED),
)


class RunFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs a list is about; None means any."""

    dag_ids: Sequence[str] | None = None
    dag_id_pattern: str | None = None
    run_ids: Sequence[str] | None = None
    run_id_pattern: str | None = None
    states: Sequence[RunState] | None = None
    run_types: Sequence[RunType] | None = None
    logical_dates: Sequence[datetime] | None = None
    run_after: Between = Between()
    logical_date: Between = Between()
    started_at: Between = Between()
    ended_at: Between = Between()
    version_hash: str | None = None
    backfill_id: str | None = None
    triggering_user_pattern: str | None = None
    conf_contains: str | None = None


def insert_run(connection: Connection, run: DagRunRecord, *, now: datetime) -> None:
    """Insert a run that a user or a task asks for, and tell the scheduler; ring the bell after the commit.

    Raises:
        UnknownDagError: there is no such DAG.
        RunExistsError: the DAG has a run of that run_id or logical date.
    """
    dag_pk = connection.execute(select(_dag.id).where(_dag.dag_id == run.dag_id)).scalar_one_or_none()
    if dag_pk is None:
        raise UnknownDagError(run.dag_id)
    values = msgspec.structs.asdict(run)
    del values["dag_id"]
    statement = insert_into(connection, dag_runs_table).values(dag_pk=dag_pk, **values)
    inserted = connection.execute(statement.on_conflict_do_nothing().returning(_run.id)).scalar_one_or_none()
    if inserted is None:
        taken = find_run_in_the_way(connection, run)
        raise RunExistsError(run.dag_id, run.run_id, existing_run_id=taken or run.run_id)
    inbox.append(connection, RunRequested(dag_id=run.dag_id, run_id=run.run_id), now=now)


def find_run_in_the_way(connection: Connection, run: DagRunRecord) -> str | None:
    """Return the run_id of the run that has ``run``'s run_id or logical date; None when both are free."""
    of_dag = RUNS.with_only_columns(_run.run_id, maintain_column_froms=True).where(_dag.dag_id == run.dag_id)
    found = connection.execute(of_dag.where(_run.run_id == run.run_id)).scalar()
    if found is None and run.logical_date is not None:
        found = connection.execute(of_dag.where(_run.logical_date == run.logical_date)).scalar()
    return found


def load_run(connection: Connection, key: RunKey) -> DagRunRecord:
    """Return one run.

    Raises:
        UnknownRunError: there is none of that name.
    """
    row = connection.execute(_ONE, {"dag_id": key.dag_id, "run_id": key.run_id}).one_or_none()
    if row is None:
        raise UnknownRunError(key.dag_id, key.run_id)
    return to_run(row)


def list_runs(connection: Connection, wanted: RunFilter, paging: Paging) -> Page[DagRunRecord]:
    """Return a page of runs, the oldest first unless ordered otherwise.

    Raises:
        InvalidOrderError: they cannot be ordered like that.
    """
    return Page(find_runs(connection, wanted, paging), count_up_to(connection, _filtered(RUNS, wanted)))


def find_runs(connection: Connection, wanted: RunFilter, paging: Paging) -> list[DagRunRecord]:
    """Return what ``list_runs`` does, without counting."""
    order = order_columns(paging.order_by, ORDERS, last=_run.id)
    statement = _filtered(RUNS, wanted).order_by(*order).limit(paging.limit).offset(paging.offset)
    return [to_run(row) for row in connection.execute(statement)]


def count_runs_by_state(connection: Connection, wanted: RunFilter) -> dict[RunState, int]:
    """Return how many runs are in each state; states without runs are left out."""
    counted = RUNS.with_only_columns(_run.state, func.count(), maintain_column_froms=True)
    return {row[0]: row[1] for row in connection.execute(_filtered(counted, wanted).group_by(_run.state))}


def load_newest_runs(
    connection: Connection, dag_ids: Sequence[str], *, limit: int
) -> dict[str, list[DagRunRecord]]:
    """Return the newest runs of each DAG, by ``run_after``, the newest first."""
    found: dict[str, list[DagRunRecord]] = {}
    newest = RUNS.where(_dag.dag_id == bindparam("dag_id")).order_by(_run.run_after.desc(), _run.id.desc())
    for dag_id in dag_ids:
        rows = connection.execute(newest.limit(bindparam("limit")), {"dag_id": dag_id, "limit": limit})
        found[dag_id] = [to_run(row) for row in rows]
    return found


def load_unfinished_runs(connection: Connection, dag_id: str | None = None) -> list[DagRunRecord]:
    """Return what a new leader must know: unfinished runs, and finished ones with a task still in hand.

    Of all DAGs, or of one.
    """
    has_open_task = _run.id.in_(select(_task.run_pk).where(TASK_IS_ACTIVE))
    wanted = RUNS if dag_id is None else RUNS.where(_dag.dag_id == dag_id)
    unfinished = connection.execute(wanted.where(RUN_IS_UNFINISHED).order_by(_run.id)).all()
    finished = connection.execute(
        wanted.where(_run.state.in_(FINAL_RUN_STATES), has_open_task).order_by(_run.id)
    ).all()
    return [to_run(row) for row in (*unfinished, *finished)]


def load_used_versions(connection: Connection, bundle: str) -> set[str | None]:
    """Return the versions of a bundle that runs which are not finished keep to, or that new runs would take."""
    of_bundle = (_dag.bundle == bundle, _dag.is_active)
    pinned = (
        select(_run.bundle_version)
        .join(dags_table, _dag.id == _run.dag_pk)
        .where(*of_bundle, RUN_IS_UNFINISHED)
    )
    newest = select(_dag.bundle_version).where(*of_bundle)
    return set(connection.execute(pinned.union(newest)).scalars())


def load_newest_points(
    connection: Connection, dag_ids: Sequence[str] | None = None
) -> dict[str, SchedulePoint]:
    """Return, by dag_id, the point of the newest scheduled run; DAGs without one are left out."""
    newest_run = dag_runs_table.alias()
    run = newest_run.c
    newest = (
        select(_run.id)
        .where(_run.dag_pk == _dag.id, RUN_IS_SCHEDULED)
        .order_by(_run.run_after.desc())
        .limit(1)
        .correlate(dags_table)
        .scalar_subquery()
    )
    statement = select(
        _dag.dag_id, run.run_after, run.logical_date, run.data_interval_start, run.data_interval_end
    ).join_from(dags_table, newest_run, run.id == newest)
    if dag_ids is not None:
        statement = statement.where(_dag.dag_id.in_(dag_ids))
    return {
        row.dag_id: SchedulePoint(
            run_after=row.run_after,
            logical_date=row.logical_date,
            data_interval_start=row.data_interval_start,
            data_interval_end=row.data_interval_end,
        )
        for row in connection.execute(statement)
    }


def load_taken_dates(
    connection: Connection, dag_id: str, newest_point: SchedulePoint | None
) -> frozenset[datetime]:
    """Return the logical dates after the newest scheduled run that runs of other types have.

    No more than ``MAX_TAKEN_DATES``, the earliest: the schedule reaches those first.
    """
    newest = None if newest_point is None else newest_point.logical_date
    dag_pk = select(_dag.id).where(_dag.dag_id == dag_id).scalar_subquery()
    taken = select(_run.logical_date).where(_run.dag_pk == dag_pk, ~RUN_IS_SCHEDULED)
    after = _run.logical_date > newest if newest is not None else _run.logical_date.is_not(None)
    earliest = taken.where(after).order_by(_run.logical_date).limit(MAX_TAKEN_DATES)
    return frozenset(connection.execute(earliest).scalars())


def count_failed_in_a_row(connection: Connection, dag_id: str, *, limit: int) -> int:
    """Return how many of the newest finished runs failed before one did not, at most ``limit``."""
    states = connection.execute(
        RUNS.with_only_columns(_run.state, maintain_column_froms=True)
        .where(_dag.dag_id == dag_id, _run.state.in_(FINAL_RUN_STATES))
        .order_by(_run.run_after.desc(), _run.id.desc())
        .limit(limit)
    ).scalars()
    count = 0
    for state in states:
        if state != RunState.FAILED:
            break
        count += 1
    return count


def load_runtimes(connection: Connection, dag_id: str, *, limit: int) -> list[float]:
    """Return how many seconds the newest successful runs took, the newest first, at most ``limit``."""
    dag_pk = select(_dag.id).where(_dag.dag_id == dag_id).scalar_subquery()
    rows = connection.execute(
        select(_run.started_at, _run.ended_at)
        .where(
            _run.dag_pk == dag_pk,
            _run.state == RunState.SUCCESS,
            _run.started_at.is_not(None),
            _run.ended_at.is_not(None),
        )
        .order_by(_run.run_after.desc(), _run.id.desc())
        .limit(limit)
    )
    return [(ended_at - started_at).total_seconds() for started_at, ended_at in rows]


def load_previous_run(
    connection: Connection, dag_id: str, before: datetime, *, state: RunState | None = None
) -> DagRunRecord | None:
    """Return the run, in ``state`` if given, with the newest logical date before a moment; None for none."""
    statement = RUNS.where(_dag.dag_id == dag_id, _run.logical_date < before).order_by(
        _run.logical_date.desc()
    )
    if state is not None:
        statement = statement.where(_run.state == state)
    row = connection.execute(statement.limit(1)).one_or_none()
    return None if row is None else to_run(row)


def to_run(row: Row[Any]) -> DagRunRecord:  # Any: RUN_COLUMNS
    """Return the record of a row with ``RUN_COLUMNS``."""
    return DagRunRecord(**row._mapping)


def _filtered(statement: Select[Any], wanted: RunFilter) -> Select[Any]:  # Any: the columns
    among = {
        _dag.dag_id: wanted.dag_ids,
        _run.run_id: wanted.run_ids,
        _run.run_type: wanted.run_types,
        _run.logical_date: wanted.logical_dates,
    }
    patterns = {
        _dag.dag_id: wanted.dag_id_pattern,
        _run.run_id: wanted.run_id_pattern,
        _run.triggering_user: wanted.triggering_user_pattern,
        type_coerce(_run.conf, Text): wanted.conf_contains,
    }
    equal = {_run.version_hash: wanted.version_hash, _run.backfill_id: wanted.backfill_id}
    between = {
        _run.run_after: wanted.run_after,
        _run.logical_date: wanted.logical_date,
        _run.started_at: wanted.started_at,
        _run.ended_at: wanted.ended_at,
    }
    return statement.where(
        *(column.in_(values) for column, values in among.items() if values is not None),
        *among_states(_run.state, wanted.states, _INDEXED_STATES),
        *(like(column, pattern) for column, pattern in patterns.items() if pattern),
        *(column == value for column, value in equal.items() if value is not None),
        *(condition for column, span in between.items() for condition in span.conditions(column)),
    )


def has_run(connection: Connection, key: RunKey) -> bool:
    """Return whether there is such a run."""
    found = select(exists(_ONE))
    return bool(connection.execute(found, {"dag_id": key.dag_id, "run_id": key.run_id}).scalar())

"""Task instances. The scheduler writes them through ``batch``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, Select, bindparam, func, select

from etesian.lifecycle.records import RunKey, TaskInstanceRecord, TaskKey
from etesian.lifecycle.state import FINAL_TASK_STATES, TaskState
from etesian.store.errors import StoreError
from etesian.store.queries.page import Page, Paging, count_up_to, order_columns
from etesian.store.queries.patterns import Between, among_states, like
from etesian.store.tables import (
    RUN_IS_UNFINISHED,
    TASK_HAS_FAILED,
    TASK_IS_ACTIVE,
    dag_runs_table,
    dags_table,
    task_instances_table,
)

_dag = dags_table.c
_run = dag_runs_table.c
_task = task_instances_table.c

_OWN_FIELDS: Final = [
    name for name in TaskInstanceRecord.__struct_fields__ if name not in ("dag_id", "run_id")
]
_COLUMNS: Final = [_dag.dag_id, _run.run_id, *(_task[name] for name in _OWN_FIELDS)]
_TASKS: Final = (
    select(*_COLUMNS)
    .join_from(task_instances_table, dag_runs_table, _run.id == _task.run_pk)
    .join(dags_table, _dag.id == _run.dag_pk)
)
_OF_RUN: Final = _TASKS.where(_dag.dag_id == bindparam("dag_id"), _run.run_id == bindparam("run_id"))
ORDERS: Final = {
    "dag_id": _dag.dag_id,
    "run_id": _run.run_id,
    "task_id": _task.task_id,
    "map_index": _task.map_index,
    "state": _task.state,
    "try_number": _task.try_number,
    "operator": _task.operator,
    "pool": _task.pool,
    "queue": _task.queue,
    "logical_date": _run.logical_date,
    "run_after": _run.run_after,
    "scheduled_at": _task.scheduled_at,
    "queued_at": _task.queued_at,
    "started_at": _task.started_at,
    "ended_at": _task.ended_at,
    "rendered_map_index": _task.rendered_map_index,
}
_INDEXED_STATES: Final = (
    (frozenset(TaskState) - FINAL_TASK_STATES - {TaskState.NONE}, TASK_IS_ACTIVE),
    (frozenset({TaskState.FAILED}), TASK_HAS_FAILED),
)


class UnknownTaskInstanceError(StoreError):
    """There is no such task instance."""

    def __init__(self, key: TaskKey) -> None:
        super().__init__(f"there is no task instance {str(key)!r}")
        self.key = key


class TaskInstanceFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which task instances a list is about; None means any."""

    dag_ids: Sequence[str] | None = None
    run_ids: Sequence[str] | None = None
    task_ids: Sequence[str] | None = None
    task_id_pattern: str | None = None
    map_indexes: Sequence[int] | None = None
    states: Sequence[TaskState] | None = None
    logical_dates: Sequence[datetime] | None = None
    pools: Sequence[str] | None = None
    queues: Sequence[str] | None = None
    executors: Sequence[str] | None = None
    operators: Sequence[str] | None = None
    version_hash: str | None = None
    logical_date: Between = Between()
    run_after: Between = Between()
    queued_at: Between = Between()
    started_at: Between = Between()
    ended_at: Between = Between()


def load_task_instance(connection: Connection, key: TaskKey) -> TaskInstanceRecord:
    """Return one task instance.

    Raises:
        UnknownTaskInstanceError: there is none of that name.
    """
    statement = _OF_RUN.where(
        _task.task_id == bindparam("task_id"), _task.map_index == bindparam("map_index")
    )
    row = connection.execute(statement, key._asdict()).one_or_none()
    if row is None:
        raise UnknownTaskInstanceError(key)
    return _record(row)


def load_task_instances_of_run(connection: Connection, key: RunKey) -> list[TaskInstanceRecord]:
    """Return the task instances of one run, by task_id and map index."""
    statement = _OF_RUN.order_by(_task.task_id, _task.map_index)
    return [_record(row) for row in connection.execute(statement, key._asdict())]


def load_unfinished_task_instances(
    connection: Connection, dag_id: str | None = None
) -> dict[RunKey, list[TaskInstanceRecord]]:
    """Return all task instances of the runs that ``runs.load_unfinished_runs`` gives, by run."""
    open_runs = select(_run.id).where(RUN_IS_UNFINISHED)
    with_open_task = select(_task.run_pk).where(TASK_IS_ACTIVE)
    statement = _TASKS.where(_run.id.in_(open_runs.union(with_open_task))).order_by(
        _task.run_pk, _task.task_id, _task.map_index
    )
    if dag_id is not None:
        statement = statement.where(_dag.dag_id == dag_id)
    found: dict[RunKey, list[TaskInstanceRecord]] = {}
    for row in connection.execute(statement):
        found.setdefault(RunKey(row.dag_id, row.run_id), []).append(_record(row))
    return found


def list_task_instances(
    connection: Connection, wanted: TaskInstanceFilter, paging: Paging
) -> Page[TaskInstanceRecord]:
    """Return a page of task instances, by run, task and map index unless ordered otherwise.

    Raises:
        InvalidOrderError: they cannot be ordered like that.
    """
    return Page(
        find_task_instances(connection, wanted, paging), count_up_to(connection, _filtered(_TASKS, wanted))
    )


def find_task_instances(
    connection: Connection, wanted: TaskInstanceFilter, paging: Paging
) -> list[TaskInstanceRecord]:
    """Return what ``list_task_instances`` does, without counting."""
    order = [*order_columns(paging.order_by, ORDERS, last=_task.run_pk), _task.task_id, _task.map_index]
    statement = _filtered(_TASKS, wanted).order_by(*order).limit(paging.limit).offset(paging.offset)
    return [_record(row) for row in connection.execute(statement)]


def count_by_state(connection: Connection, wanted: TaskInstanceFilter) -> dict[TaskState, int]:
    """Return how many task instances are in each state; states without any are left out."""
    counted = _TASKS.with_only_columns(_task.state, func.count(), maintain_column_froms=True)
    return {row[0]: row[1] for row in connection.execute(_filtered(counted, wanted).group_by(_task.state))}


def count_by_run(connection: Connection, keys: Iterable[RunKey]) -> dict[RunKey, dict[TaskState, int]]:
    """Return, for each run, how many of its task instances are in each state."""
    of_run = _OF_RUN.with_only_columns(_task.state, func.count(), maintain_column_froms=True).group_by(
        _task.state
    )
    return {key: {row[0]: row[1] for row in connection.execute(of_run, key._asdict())} for key in keys}


def load_states(connection: Connection, key: RunKey) -> list[tuple[str, int, TaskState]]:
    """Return task_id, map index and state of a run's task instances, in that order."""
    statement = _OF_RUN.with_only_columns(
        _task.task_id, _task.map_index, _task.state, maintain_column_froms=True
    )
    rows = connection.execute(statement.order_by(_task.task_id, _task.map_index), key._asdict())
    return [(row.task_id, row.map_index, row.state) for row in rows]


def find_states(
    connection: Connection, wanted: TaskInstanceFilter, *, limit: int
) -> list[tuple[str, str, int, TaskState, datetime | None]]:
    """Return run_id, task_id, map index, state and logical date of those that fit, in that order."""
    columns = (_run.run_id, _task.task_id, _task.map_index, _task.state, _run.logical_date)
    statement = _filtered(_TASKS.with_only_columns(*columns, maintain_column_froms=True), wanted)
    rows = connection.execute(statement.order_by(_task.run_pk, _task.task_id, _task.map_index).limit(limit))
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def count_used_slots(connection: Connection) -> dict[str, dict[TaskState, int]]:
    """Return, by pool, the slots of the task instances that are in hand, by their states."""
    used: dict[str, dict[TaskState, int]] = {}
    rows = connection.execute(
        select(_task.pool, _task.state, func.sum(_task.pool_slots))
        .where(TASK_IS_ACTIVE)
        .group_by(_task.pool, _task.state)
    )
    for pool, state, slots in rows:
        used.setdefault(pool, {})[state] = int(slots)
    return used


def find_attempt(connection: Connection, attempt_id: str) -> TaskKey | None:
    """Return the task instance whose open attempt this is; None when no task in hand has it."""
    row = connection.execute(
        _TASKS.with_only_columns(
            _dag.dag_id, _run.run_id, _task.task_id, _task.map_index, maintain_column_froms=True
        ).where(TASK_IS_ACTIVE, _task.attempt_id == attempt_id)
    ).first()
    return None if row is None else TaskKey(*row)


def _record(row: Row[Any]) -> TaskInstanceRecord:  # Any: _COLUMNS
    return TaskInstanceRecord(**row._mapping)


def _filtered(statement: Select[Any], wanted: TaskInstanceFilter) -> Select[Any]:  # Any: the columns
    among = {
        _dag.dag_id: wanted.dag_ids,
        _run.run_id: wanted.run_ids,
        _task.task_id: wanted.task_ids,
        _task.map_index: wanted.map_indexes,
        _task.pool: wanted.pools,
        _task.queue: wanted.queues,
        _task.executor: wanted.executors,
        _task.operator: wanted.operators,
        _run.logical_date: wanted.logical_dates,
    }
    between = {
        _run.logical_date: wanted.logical_date,
        _run.run_after: wanted.run_after,
        _task.queued_at: wanted.queued_at,
        _task.started_at: wanted.started_at,
        _task.ended_at: wanted.ended_at,
    }
    statement = statement.where(
        *(column.in_(values) for column, values in among.items() if values is not None),
        *among_states(_task.state, wanted.states, _INDEXED_STATES),
        *(condition for column, span in between.items() for condition in span.conditions(column)),
    )
    if wanted.task_id_pattern:
        statement = statement.where(like(_task.task_id, wanted.task_id_pattern))
    if wanted.version_hash is not None:
        statement = statement.where(_run.version_hash == wanted.version_hash)
    return statement

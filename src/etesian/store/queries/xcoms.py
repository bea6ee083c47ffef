"""XComs: the values that tasks leave for others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, Select, and_, bindparam, delete, or_, select

from etesian.lifecycle.records import RunKey, TaskKey
from etesian.protocol.reports import XComValue
from etesian.protocol.requests import GetXCom, XComItem
from etesian.store.queries.page import Page, Paging, count_up_to, order_columns
from etesian.store.queries.patterns import like
from etesian.store.queries.task_rows import load_run_number, of_run, of_task, with_run
from etesian.store.queries.upsert import insert_into
from etesian.store.tables import dag_runs_table, dags_table, xcoms_table
from etesian.store.xcom_elements import XComElements

_dag, _run, _xcom = dags_table.c, dag_runs_table.c, xcoms_table.c


class XComRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One stored value and where it came from."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    key: str
    value: bytes  #: JSON
    length: int | None
    created_at: datetime
    logical_date: datetime | None
    run_after: datetime


class XComFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which values a list is about; None means any."""

    dag_id: str | None = None
    run_id: str | None = None
    task_id: str | None = None
    map_index: int | None = None
    key: str | None = None
    key_pattern: str | None = None


_COLUMNS: Final = (
    _dag.dag_id,
    _run.run_id,
    _xcom.task_id,
    _xcom.map_index,
    _xcom.key,
    _xcom.value,
    _xcom.length,
    _xcom.created_at,
    _run.logical_date,
    _run.run_after,
)
_XCOMS: Final = with_run(select(*_COLUMNS), xcoms_table)
#: Where values are kept and when they were written, without the values.
_PLACES: Final = with_run(
    select(_xcom.id, _xcom.created_at, _xcom.task_id, _xcom.map_index, _run.run_id, _xcom.key), xcoms_table
)
_IS_OF_ONE_TASK: Final = (
    _dag.dag_id == bindparam("of_dag"),
    _run.run_id == bindparam("of_run"),
    _xcom.task_id == bindparam("of_task"),
    _xcom.key == bindparam("of_key"),
)
_XCOMS_OF_ONE_TASK: Final = _XCOMS.where(*_IS_OF_ONE_TASK).order_by(_xcom.map_index)
_PLACES_OF_ONE_TASK: Final = _PLACES.where(*_IS_OF_ONE_TASK).order_by(_xcom.map_index)
ORDERS: Final = {
    "dag_id": _dag.dag_id,
    "run_id": _run.run_id,
    "task_id": _xcom.task_id,
    "map_index": _xcom.map_index,
    "key": _xcom.key,
    "timestamp": _xcom.created_at,
}


def find_xcoms(connection: Connection, request: GetXCom) -> tuple[XComItem, ...]:
    """Answer a task's question for values; see ``GetXCom``.

    With ``include_prior_dates`` the values come from the newest run, up to the asking one, in which each
    task left any.
    """
    if request.include_prior_dates:
        rows = _of_earlier_runs(connection, _asked_for(_XCOMS, request), request)
    else:
        rows = _of_own_run(connection, request, _XCOMS, _XCOMS_OF_ONE_TASK)
    return tuple(
        XComItem(
            task_id=row.task_id,
            map_index=row.map_index,
            run_id=row.run_id,
            key=row.key,
            value=bytes(row.value),
        )
        for row in rows
    )


def find_element(connection: Connection, request: GetXCom, kept: XComElements) -> tuple[XComItem, ...]:
    """Answer a task's question for one element of each list.

    A value that is no plain list, or has no such element, comes whole.
    """
    if request.element is None or request.include_prior_dates:
        return find_xcoms(connection, request)
    found = []
    for place in _of_own_run(connection, request, _PLACES, _PLACES_OF_ONE_TASK):
        elements = kept.of(place.id, place.created_at, partial(_load_value, connection, place.id))
        if elements is None or not 0 <= request.element < len(elements):
            return find_xcoms(connection, request)
        found.append(
            XComItem(
                task_id=place.task_id,
                map_index=place.map_index,
                run_id=place.run_id,
                key=place.key,
                value=bytes(elements[request.element]),
                is_element=True,
            )
        )
    return tuple(found)


def load_xcoms_of_task(connection: Connection, key: TaskKey) -> list[XComRecord]:
    """Return the values of one task instance, by key."""
    rows = connection.execute(_XCOMS.where(of_task(xcoms_table, key)).order_by(_xcom.key))
    return [_record(row) for row in rows]


def load_xcom(connection: Connection, task_key: TaskKey, key: str) -> XComRecord | None:
    """Return one value; None when there is none."""
    row = connection.execute(_XCOMS.where(of_task(xcoms_table, task_key), _xcom.key == key)).one_or_none()
    return None if row is None else _record(row)


def list_xcoms(connection: Connection, wanted: XComFilter, paging: Paging) -> Page[XComRecord]:
    """Return a page of values, the oldest first unless ordered otherwise.

    Raises:
        InvalidOrderError: they cannot be ordered like that.
    """
    equal = {
        _dag.dag_id: wanted.dag_id,
        _run.run_id: wanted.run_id,
        _xcom.task_id: wanted.task_id,
        _xcom.map_index: wanted.map_index,
        _xcom.key: wanted.key,
    }
    statement = _XCOMS.where(*(column == value for column, value in equal.items() if value is not None))
    if wanted.key_pattern:
        statement = statement.where(like(_xcom.key, wanted.key_pattern))
    order = order_columns(paging.order_by, ORDERS, last=_xcom.id)
    rows = connection.execute(statement.order_by(*order).limit(paging.limit).offset(paging.offset))
    return Page([_record(row) for row in rows], count_up_to(connection, statement))


def load_lengths(connection: Connection, key: RunKey) -> dict[tuple[str, int, str], int]:
    """Return the lengths of a run's lists and dicts, for mapping: (task_id, map_index, key) to length."""
    statement = with_run(select(_xcom.task_id, _xcom.map_index, _xcom.key, _xcom.length), xcoms_table)
    rows = connection.execute(statement.where(of_run(key), _xcom.length.is_not(None)))
    return {(row.task_id, row.map_index, row.key): row.length for row in rows}


def save_xcom(connection: Connection, task_key: TaskKey, item: XComValue, *, now: datetime) -> None:
    """Insert or replace one value.

    Raises:
        UnknownRunError: there is no such run.
    """
    run_pk = load_run_number(connection, task_key.run_key)
    values = {"value": item.value, "length": item.length, "created_at": now}
    statement = insert_into(connection, xcoms_table).values(
        run_pk=run_pk, task_id=task_key.task_id, map_index=task_key.map_index, key=item.key, **values
    )
    connection.execute(
        statement.on_conflict_do_update(index_elements=["run_pk", "task_id", "map_index", "key"], set_=values)
    )


def delete_xcom(connection: Connection, task_key: TaskKey, key: str) -> bool:
    """Delete one value and say whether there was one."""
    found = with_run(select(_xcom.id), xcoms_table).where(of_task(xcoms_table, task_key), _xcom.key == key)
    return connection.execute(delete(xcoms_table).where(_xcom.id.in_(found))).rowcount == 1


def _load_value(connection: Connection, row_id: int) -> bytes:
    return bytes(connection.execute(select(_xcom.value).where(_xcom.id == row_id)).scalar_one())


def _of_own_run(
    connection: Connection, request: GetXCom, statement: Select[Any], of_one_task: Select[Any]
) -> Sequence[Row[Any]]:  # Any: the columns
    """Return the rows of the asking run, in order. What nearly all tasks ask for has a statement made once."""
    if request.task_ids is not None and len(request.task_ids) == 1 and request.map_indexes is None:
        (task_id,) = request.task_ids
        if request.key is not None:
            named = {
                "of_dag": request.dag_id,
                "of_run": request.run_id,
                "of_task": task_id,
                "of_key": request.key,
            }
            return connection.execute(of_one_task, named).all()
    asked = _asked_for(statement, request).where(of_run(RunKey(request.dag_id, request.run_id)))
    return connection.execute(asked.order_by(_xcom.task_id, _xcom.map_index, _xcom.key)).all()


def _asked_for(statement: Select[Any], request: GetXCom) -> Select[Any]:  # Any: the columns
    if request.key is not None:
        statement = statement.where(_xcom.key == request.key)
    if request.task_ids is not None:
        statement = statement.where(_xcom.task_id.in_(request.task_ids))
    if request.map_indexes is not None:
        statement = statement.where(_xcom.map_index.in_(request.map_indexes))
    return statement


def _of_earlier_runs(connection: Connection, statement: Select[Any], request: GetXCom) -> Sequence[Row[Any]]:
    asking = connection.execute(
        select(_run.id, _run.logical_date, _run.run_after)
        .join_from(dag_runs_table, dags_table, _dag.id == _run.dag_pk)
        .where(of_run(RunKey(request.dag_id, request.run_id)))
    ).one_or_none()
    if asking is None:
        return ()
    date, own_date = (
        (_run.run_after, asking.run_after)
        if asking.logical_date is None
        else (_run.logical_date, asking.logical_date)
    )
    earlier = statement.where(_dag.dag_id == request.dag_id, or_(_run.id == asking.id, date < own_date))
    newest_first = earlier.order_by(date.desc(), _run.id.desc())
    task_ids = request.task_ids
    if task_ids is None:
        task_ids = tuple(connection.execute(earlier.with_only_columns(_xcom.task_id).distinct()).scalars())
    found: list[Row[Any]] = []
    for task_id in sorted(task_ids):
        newest = connection.execute(newest_first.where(_xcom.task_id == task_id).limit(1)).one_or_none()
        if newest is not None:
            of_that_run = and_(_run.run_id == newest.run_id, _xcom.task_id == task_id)
            found += connection.execute(earlier.where(of_that_run).order_by(_xcom.map_index, _xcom.key))
    return found


def _record(row: Row[Any]) -> XComRecord:  # Any: the columns
    values = dict(row._mapping)
    values["value"] = bytes(values["value"])
    return XComRecord(**values)

"""XComs of task instances. The values are JSON; nothing here turns them into objects."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query, Response

from etesian.api.answer import answer, gives
from etesian.api.context import Context
from etesian.api.errors import NotFoundError
from etesian.api.paging import PagingQuery
from etesian.api.routes.dag_runs import ALL
from etesian.api.shapes.xcom import XComCollectionResponse, XComResponse, XComValueResponse
from etesian.lifecycle.records import TaskKey
from etesian.store.queries.task_instances import load_task_instance
from etesian.store.queries.xcoms import XComFilter, XComRecord, list_xcoms, load_xcom

router = APIRouter(tags=["XCom"])

_PATH: Final = "/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries"


@router.get(_PATH, **gives(XComCollectionResponse))
def list_xcom_entries(
    context: Context,
    paging: PagingQuery,
    dag_id: str,
    run_id: str,
    task_id: str,
    xcom_key: Annotated[str | None, Query(max_length=250)] = None,
    map_index: int | None = None,
) -> Response:
    """List a task's XComs without their values."""
    wanted = XComFilter(
        dag_id=None if dag_id == ALL else dag_id,
        run_id=None if run_id == ALL else run_id,
        task_id=None if task_id == ALL else task_id,
        map_index=map_index,
        key=xcom_key,
    )
    with context.store.read() as connection:
        page = list_xcoms(connection, wanted, paging)
    entries = [XComResponse(**_fields(item)) for item in page.items]
    return answer(XComCollectionResponse(xcom_entries=entries, total_entries=page.total))


@router.get(f"{_PATH}/{{xcom_key:path}}", **gives(XComValueResponse))
def get_xcom_entry(
    context: Context, dag_id: str, run_id: str, task_id: str, xcom_key: str, map_index: int = -1
) -> Response:
    """Return one XCom with its value."""
    key = TaskKey(dag_id, run_id, task_id, map_index)
    with context.store.read() as connection:
        load_task_instance(connection, key)
        found = load_xcom(connection, key, xcom_key)
    if found is None:
        raise NotFoundError(f"XCom {xcom_key!r} of task {str(key)!r}")
    return answer(XComValueResponse(**_fields(found), value=msgspec.Raw(found.value)))


def _fields(item: XComRecord) -> dict[str, Any]:  # Any: the fields have types of their own
    return {
        "key": item.key,
        "timestamp": item.created_at,
        "logical_date": item.logical_date,
        "map_index": item.map_index,
        "task_id": item.task_id,
        "dag_id": item.dag_id,
        "run_id": item.run_id,
        "dag_display_name": item.dag_id,
        "task_display_name": item.task_id,
    }

"""Versions of DAGs, and the source code of each."""

from __future__ import annotations

from fastapi import APIRouter, Response

from etesian.api.answer import answer, gives
from etesian.api.context import Context
from etesian.api.errors import NotFoundError
from etesian.api.paging import PagingQuery
from etesian.api.shapes.dag_version import (
    DagSourceResponse,
    DagVersionCollectionResponse,
    DagVersionResponse,
    dag_version_response,
)
from etesian.store.queries.dags import load_dag
from etesian.store.queries.versions import list_versions, load_source

router = APIRouter(tags=["DagVersion"])


@router.get("/dags/{dag_id}/dagVersions", **gives(DagVersionCollectionResponse))
def list_dag_versions(context: Context, paging: PagingQuery, dag_id: str) -> Response:
    """List the versions of a DAG, the newest first."""
    with context.store.read() as connection:
        load_dag(connection, dag_id)
        versions = list_versions(connection, dag_id)
    shown = versions[paging.offset : paging.offset + paging.limit]
    found = [dag_version_response(version) for version in shown]
    return answer(DagVersionCollectionResponse(dag_versions=found, total_entries=len(versions)))


@router.get("/dags/{dag_id}/dagVersions/{version_number}", **gives(DagVersionResponse))
def get_dag_version(context: Context, dag_id: str, version_number: int) -> Response:
    """Return one version of a DAG."""
    with context.store.read() as connection:
        load_dag(connection, dag_id)
        versions = list_versions(connection, dag_id)
    for version in versions:
        if version.number == version_number:
            return answer(dag_version_response(version))
    raise NotFoundError(f"version {version_number} of DAG {dag_id!r}")


@router.get("/dagSources/{dag_id}", **gives(DagSourceResponse))
def get_dag_source(context: Context, dag_id: str, version_number: int | None = None) -> Response:
    """Return the file of a DAG's version, the one in force unless ``version_number`` says otherwise."""
    with context.store.read() as connection:
        dag = load_dag(connection, dag_id)
        source = load_source(connection, dag_id, version_number)
    number = dag.version_number if version_number is None else version_number
    if source is None:
        raise NotFoundError(f"version {number} of DAG {dag_id!r}")
    return answer(
        DagSourceResponse(
            content=source, dag_id=dag_id, version_number=number, dag_display_name=dag.display_name or dag_id
        )
    )

"""Having DAG files read again."""

from __future__ import annotations

from fastapi import APIRouter, Response

from etesian.api.context import Context
from etesian.api.errors import NotFoundError
from etesian.store.queries.dags import DagFilter, list_dags
from etesian.store.queries.page import Paging
from etesian.store.queries.parse_requests import request_parse

router = APIRouter(tags=["DAG Parsing"])


@router.put("/parseDagFile/{file_token:path}", status_code=201, response_class=Response)
def parse_dag_file(context: Context, file_token: str) -> Response:
    """Have a DAG file read again although it did not change. DAGs say the token of their file."""
    bundle, _, file = file_token.partition(":")
    with context.store.write() as connection:
        if not list_dags(connection, DagFilter(bundle=bundle, file=file), Paging(limit=1)).items:
            raise NotFoundError(f"DAG file {file_token!r}")
        request_parse(connection, bundle=bundle, file=file)
        context.note(connection, "parse_dag_file", file_token=file_token)
    context.bus.ring("specs")
    return Response(status_code=201)

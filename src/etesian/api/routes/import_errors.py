"""DAG files that cannot be read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from etesian.api.answer import answer, gives
from etesian.api.context import Context
from etesian.api.errors import NotFoundError
from etesian.api.paging import PagingQuery, renamed
from etesian.api.shapes.monitor import ImportErrorCollectionResponse, ImportErrorResponse
from etesian.store.queries.import_errors import ImportErrorRecord, list_import_errors, load_import_error

router = APIRouter(tags=["Import Error"])

_ORDER_NAMES = {"import_error_id": "id", "timestamp": "seen_at", "filename": "file", "bundle_name": "bundle"}


@router.get("/importErrors", **gives(ImportErrorCollectionResponse))
def list_import_errors_route(
    context: Context,
    paging: PagingQuery,
    filename_pattern: Annotated[str | None, Query(max_length=1000)] = None,
) -> Response:
    """List the DAG files that cannot be read, each with the reason."""
    with context.store.read() as connection:
        page = list_import_errors(connection, renamed(paging, _ORDER_NAMES), file_pattern=filename_pattern)
    errors = [_response(error) for error in page.items]
    return answer(ImportErrorCollectionResponse(import_errors=errors, total_entries=page.total))


@router.get("/importErrors/{import_error_id}", **gives(ImportErrorResponse))
def get_import_error(context: Context, import_error_id: int) -> Response:
    """Return one import error."""
    with context.store.read() as connection:
        error = load_import_error(connection, import_error_id)
    if error is None:
        raise NotFoundError(f"import error {import_error_id}")
    return answer(_response(error))


def _response(error: ImportErrorRecord) -> ImportErrorResponse:
    return ImportErrorResponse(
        import_error_id=error.id,
        timestamp=error.seen_at,
        filename=error.file,
        bundle_name=error.bundle,
        stack_trace=error.message,
        line=error.line,
    )

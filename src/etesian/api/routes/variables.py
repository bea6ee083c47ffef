"""Variables. Values that a key tells to be secret are masked."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import Connection

from etesian.api.answer import answer, gives, takes
from etesian.api.body import body_of
from etesian.api.context import Context
from etesian.api.errors import ApiError, NotFoundError
from etesian.api.masking import shown_variable
from etesian.api.paging import PagingQuery, renamed
from etesian.api.shapes.keep import VariableBody, VariableCollectionResponse, VariableResponse
from etesian.store.queries.variables import (
    VariableRecord,
    delete_variable,
    list_variables,
    load_variable,
    save_variable,
)

router = APIRouter(tags=["Variable"])

_ORDER_NAMES = {"id": "key", "_id": "key"}


@router.get("/variables", **gives(VariableCollectionResponse))
def list_variables_route(
    context: Context,
    paging: PagingQuery,
    variable_key_pattern: Annotated[str | None, Query(max_length=250)] = None,
) -> Response:
    """List variables, by key."""
    with context.store.read() as connection:
        page = list_variables(
            connection,
            renamed(paging, _ORDER_NAMES),
            secrets=context.store.secrets,
            key_pattern=variable_key_pattern,
        )
    variables = [_response(variable) for variable in page.items]
    return answer(VariableCollectionResponse(variables=variables, total_entries=page.total))


@router.get("/variables/{key:path}", **gives(VariableResponse))
def get_variable(context: Context, key: str) -> Response:
    """Return one variable."""
    return answer(_response(_load(context, key)))


@router.post("/variables", **gives(VariableResponse, status=201), openapi_extra=takes(VariableBody))
def create_variable(
    context: Context, body: Annotated[VariableBody, Depends(body_of(VariableBody))]
) -> Response:
    """Make a variable."""
    with context.store.write() as connection:
        if load_variable(connection, body.key, secrets=context.store.secrets) is not None:
            raise ApiError(409, f"variable {body.key!r} exists already")
        _save(context, connection, body)
        context.note(connection, "create_variable", key=body.key)
    return answer(_response(_load(context, body.key)), status=201)


@router.patch("/variables/{key:path}", **gives(VariableResponse), openapi_extra=takes(VariableBody))
def patch_variable(
    context: Context, key: str, body: Annotated[VariableBody, Depends(body_of(VariableBody))]
) -> Response:
    """Change a variable's value and description."""
    if body.key != key:
        raise ApiError(400, f"the path names variable {key!r}, the body {body.key!r}")
    with context.store.write() as connection:
        if load_variable(connection, key, secrets=context.store.secrets) is None:
            raise NotFoundError(f"variable {key!r}")
        _save(context, connection, body)
        context.note(connection, "change_variable", key=key)
    return answer(_response(_load(context, key)))


@router.delete("/variables/{key:path}", status_code=204)
def delete_variable_route(context: Context, key: str) -> Response:
    """Delete a variable."""
    with context.store.write() as connection:
        if not delete_variable(connection, key):
            raise NotFoundError(f"variable {key!r}")
        context.note(connection, "delete_variable", key=key)
    return Response(status_code=204)


def _load(context: Context, key: str) -> VariableRecord:
    with context.store.read() as connection:
        found = load_variable(connection, key, secrets=context.store.secrets)
    if found is None:
        raise NotFoundError(f"variable {key!r}")
    return found


def _save(context: Context, connection: Connection, body: VariableBody) -> None:
    save_variable(
        connection,
        body.key,
        body.value if isinstance(body.value, str) else msgspec.json.encode(body.value).decode(),
        description=body.description,
        secrets=context.store.secrets,
        now=context.clock.now(),
    )


def _response(variable: VariableRecord) -> VariableResponse:
    return VariableResponse(
        key=variable.key,
        value=shown_variable(variable.key, variable.value),
        description=variable.description,
        is_encrypted=True,
    )

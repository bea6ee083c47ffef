"""Connections. Passwords, and what an extra's keys tell to be secret, are masked."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from etesian.api.answer import answer, gives, takes
from etesian.api.body import body_of
from etesian.api.context import Context
from etesian.api.errors import ApiError, NotFoundError
from etesian.api.masking import shown_extra, shown_password
from etesian.api.paging import PagingQuery, renamed
from etesian.api.shapes.keep import (
    ConnectionBody,
    ConnectionCollectionResponse,
    ConnectionResponse,
    PatchConnectionBody,
)
from etesian.store.queries.connections import (
    ConnectionRecord,
    delete_connection,
    list_connections,
    load_connection,
    save_connection,
)

router = APIRouter(tags=["Connection"])

_ORDER_NAMES = {"connection_id": "conn_id", "id": "conn_id"}


@router.get("/connections", **gives(ConnectionCollectionResponse))
def list_connections_route(
    context: Context,
    paging: PagingQuery,
    connection_id_pattern: Annotated[str | None, Query(max_length=250)] = None,
) -> Response:
    """List connections, by id."""
    with context.store.read() as connection:
        page = list_connections(
            connection,
            renamed(paging, _ORDER_NAMES),
            secrets=context.store.secrets,
            conn_id_pattern=connection_id_pattern,
        )
    found = [_response(record) for record in page.items]
    return answer(ConnectionCollectionResponse(connections=found, total_entries=page.total))


@router.get("/connections/{connection_id}", **gives(ConnectionResponse))
def get_connection(context: Context, connection_id: str) -> Response:
    """Return one connection."""
    with context.store.read() as connection:
        found = load_connection(connection, connection_id, secrets=context.store.secrets)
    if found is None:
        raise NotFoundError(f"connection {connection_id!r}")
    return answer(_response(found))


@router.post("/connections", **gives(ConnectionResponse, status=201), openapi_extra=takes(ConnectionBody))
def create_connection(
    context: Context, body: Annotated[ConnectionBody, Depends(body_of(ConnectionBody))]
) -> Response:
    """Make a connection."""
    record = ConnectionRecord(conn_id=body.connection_id, **_parts(body))
    secrets = context.store.secrets
    with context.store.write() as connection:
        if load_connection(connection, body.connection_id, secrets=secrets) is not None:
            raise ApiError(409, f"connection {body.connection_id!r} exists already")
        save_connection(connection, record, secrets=secrets, now=context.clock.now())
        context.note(connection, "create_connection", conn_id=body.connection_id)
    return answer(_response(record), status=201)


@router.patch(
    "/connections/{connection_id}", **gives(ConnectionResponse), openapi_extra=takes(PatchConnectionBody)
)
def patch_connection(
    context: Context,
    connection_id: str,
    body: Annotated[PatchConnectionBody, Depends(body_of(PatchConnectionBody))],
) -> Response:
    """Change parts of a connection; what is left out stays."""
    if body.connection_id not in (None, connection_id):
        raise ApiError(400, f"the path names connection {connection_id!r}, the body {body.connection_id!r}")
    secrets = context.store.secrets
    with context.store.write() as connection:
        found = load_connection(connection, connection_id, secrets=secrets)
        if found is None:
            raise NotFoundError(f"connection {connection_id!r}")
        record = msgspec.structs.replace(found, **_parts(body))
        save_connection(connection, record, secrets=secrets, now=context.clock.now())
        context.note(connection, "change_connection", conn_id=connection_id)
    return answer(_response(record))


@router.delete("/connections/{connection_id}", status_code=204)
def delete_connection_route(context: Context, connection_id: str) -> Response:
    """Delete a connection."""
    with context.store.write() as connection:
        if not delete_connection(connection, connection_id):
            raise NotFoundError(f"connection {connection_id!r}")
        context.note(connection, "delete_connection", conn_id=connection_id)
    return Response(status_code=204)


def _parts(body: ConnectionBody | PatchConnectionBody) -> dict[str, Any]:  # Any: fields of several types
    given = msgspec.structs.asdict(body)
    given.pop("connection_id", None)
    return {name: value for name, value in given.items() if value is not msgspec.UNSET}


def _response(record: ConnectionRecord) -> ConnectionResponse:
    return ConnectionResponse(
        connection_id=record.conn_id,
        conn_type=record.conn_type,
        description=record.description,
        host=record.host,
        login=record.login,
        schema=record.schema,
        port=record.port,
        password=shown_password(record.password),
        extra=shown_extra(record.extra),
    )

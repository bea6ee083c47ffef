"""Answers: a shape in, JSON out. And what the OpenAPI page says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Response
from fastapi.openapi.utils import get_openapi

_encoder: Final = msgspec.json.Encoder()
_documented: dict[str, type[msgspec.Struct]] = {}


def answer(shape: msgspec.Struct, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return the HTTP response of one shape."""
    return Response(
        _encoder.encode(shape), status_code=status, headers=headers, media_type="application/json"
    )


def gives(shape: type[msgspec.Struct], *, status: int = 200) -> dict[str, Any]:  # Any: FastAPI's own type
    """Return the arguments of a route's decorator that document what it answers."""
    _documented[shape.__name__] = shape
    reference = {"schema": {"$ref": f"#/components/schemas/{shape.__name__}"}}
    return {
        "status_code": status,
        "response_model": None,
        "responses": {status: {"description": "OK", "content": {"application/json": reference}}},
    }


def takes(shape: type[msgspec.Struct]) -> dict[str, Any]:  # Any: OpenAPI is JSON
    """Return the ``openapi_extra`` of a route that reads ``shape`` from its body."""
    _documented[shape.__name__] = shape
    reference = {"schema": {"$ref": f"#/components/schemas/{shape.__name__}"}}
    return {"requestBody": {"required": True, "content": {"application/json": reference}}}


def describe_api(app: FastAPI) -> dict[str, Any]:  # Any: OpenAPI is JSON
    """Return the OpenAPI document. Made when somebody asks for it, so that it costs nothing at the start."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        _, schemas = msgspec.json.schema_components(
            _documented.values(),
            schema_hook=lambda _type: {"description": "any JSON"},  # for `object`
            ref_template="#/components/schemas/{name}",
        )
        document.setdefault("components", {}).setdefault("schemas", {}).update(schemas)
        app.openapi_schema = document
    return app.openapi_schema

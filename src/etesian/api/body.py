"""Reading the body of a request into a shape."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from typing import TypeVar

import msgspec
from fastapi import Request
from fastapi.exceptions import RequestValidationError

from etesian.foundation.json_errors import JSON_ERRORS, explain_json_error

Shape = TypeVar("Shape", bound=msgspec.Struct)


@cache
def body_of(shape: type[Shape]) -> Callable[[Request], Awaitable[Shape]]:
    """Return the dependency that reads a JSON body of ``shape``; an empty body is one without fields."""
    decoder = msgspec.json.Decoder(shape)

    async def read_body(request: Request) -> Shape:
        data = await request.body()
        try:
            return decoder.decode(data or b"{}")
        except JSON_ERRORS as error:
            problem = {"type": "value_error", "loc": ("body",), "msg": explain_json_error(error, shape)}
            raise RequestValidationError([problem]) from error

    return read_body

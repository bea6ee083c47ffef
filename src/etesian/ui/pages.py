"""The status page's files as routes. Just files of the package are served: there is no path to follow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

_MEDIA_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_START_PAGE: Final = "index.html"


def page_routes() -> list[BaseRoute]:
    """Return the routes of the page: ``/`` and one for each of its files."""
    routes: list[BaseRoute] = []
    for file in files("etesian.ui").joinpath("static").iterdir():
        path = "/" if file.name == _START_PAGE else f"/static/{file.name}"
        media_type = _MEDIA_TYPES[file.name.rpartition(".")[2]]
        routes.append(Route(path, _serve(file.read_bytes(), media_type), include_in_schema=False))
    return routes


def _serve(content: bytes, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    async def serve(_request: Request) -> Response:
        return Response(content, media_type=media_type)

    return serve

"""What every request passes before a route sees it, and what every answer carries.

Without log-in the browser is the danger: a page of another site must not read or steer the API through it. So
the ``Host`` must be a name of this machine (no DNS rebinding) and a change must not come from another site.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from etesian.api.answer import answer
from etesian.api.errors import Problem
from etesian.api.exposure import is_loopback

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SAME_SITE: Final = frozenset({None, "same-origin", "none"})
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}


class BodyTooLargeError(Exception):
    """Ends the reading of a body; never leaves this module."""


class Guard:
    """ASGI middleware: refuses foreign hosts, foreign sites and large bodies; adds security headers."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope["method"], Headers(scope=scope))
        if refusal is not None:
            status, detail = refusal
            await answer(Problem(detail), status=status)(scope, receive, send_with_headers)
            return
        try:
            await self._app(scope, self._bounded(receive), send_with_headers)
        except BodyTooLargeError:
            await answer(Problem(self._too_large()), status=413)(scope, receive, send_with_headers)

    def _refusal(self, method: str, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if not is_loopback(_without_port(host)):
            return 421, f"this API does not serve the host {host!r}; use the address that it listens on"
        if method in _SAFE_METHODS:
            return None
        if headers.get("sec-fetch-site") not in _SAME_SITE or _is_foreign(headers.get("origin"), host):
            return 403, "a page of another site may not change anything here"
        if int(headers.get("content-length") or 0) > self._max_body_bytes:
            return 413, self._too_large()
        return None

    def _too_large(self) -> str:
        return f"the body of the request is larger than {self._max_body_bytes} bytes"

    def _bounded(self, receive: Receive) -> Receive:
        taken = 0

        async def receive_bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._max_body_bytes:
                raise BodyTooLargeError
            return message

        return receive_bounded


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] or host


def _is_foreign(origin: str | None, host: str) -> bool:
    return origin is not None and origin.partition("://")[2] != host

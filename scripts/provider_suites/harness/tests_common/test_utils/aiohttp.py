"""A response of aiohttp that never was on a wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Self
from unittest import mock

from aiohttp import ClientResponseError, RequestInfo
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL


class MockAiohttpClientResponse:
    """Has the attributes of ``aiohttp.ClientResponse`` that hooks read; may be used as a context."""

    def __init__(
        self,
        *,
        status: int = 200,
        payload: Any = None,
        body: bytes | str = b"",
        method: str = "GET",
        url: str = "http://localhost/",
        headers: Mapping[str, str] | None = None,
        reason: str | None = None,
    ) -> None:
        self.status = status
        self.reason = reason or HTTPStatus(status).phrase
        self.method = method
        self.url = URL(url)
        self.headers = CIMultiDictProxy(CIMultiDict(headers or {}))
        self.request_info = RequestInfo(self.url, method, self.headers, self.url)
        self.history: tuple[()] = ()
        self._body = json.dumps(payload) if payload is not None else body
        self.release = mock.Mock()
        self.close = mock.Mock()

    @property
    def ok(self) -> bool:
        """Whether the status is not an error."""
        return self.status < HTTPStatus.BAD_REQUEST

    async def read(self) -> bytes:
        """Return the body."""
        return self._body.encode() if isinstance(self._body, str) else self._body

    async def text(self, *args: object, **options: object) -> str:
        """Return the body as text."""
        return (await self.read()).decode()

    async def json(self, *args: object, **options: object) -> Any:
        """Return the body's value."""
        return json.loads(await self.read())

    def raise_for_status(self) -> None:
        """Raise for a status that is an error, as aiohttp does."""
        if not self.ok:
            raise ClientResponseError(
                self.request_info, self.history, status=self.status, message=self.reason, headers=self.headers
            )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        """Nothing is open."""

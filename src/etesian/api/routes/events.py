"""The live event stream: server-sent events that say what may have changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from etesian.api.change_feed import ChangeFeed
from etesian.api.errors import ApiError

router = APIRouter(tags=["Etesian"])

#: A comment is sent this often, so that proxies keep the connection and a broken one is noticed.
HEARTBEAT_SECONDS: Final = 15.0
MAX_WATCHERS: Final = 500
_RETRY: Final = b"retry: 2000\n\n"
_HEARTBEAT: Final = b": still here\n\n"


@router.get("/events", response_class=StreamingResponse)
async def stream_events(request: Request) -> Response:
    """Send an event `changes` whenever runs or DAGs may have changed."""
    feed: ChangeFeed = request.app.state.feed
    if feed.watcher_count >= MAX_WATCHERS:
        raise ApiError(503, f"{MAX_WATCHERS} pages watch already; close some")
    return StreamingResponse(
        _events(feed), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


async def _events(feed: ChangeFeed) -> AsyncIterator[bytes]:
    async with feed.subscribed() as subscription:
        yield _RETRY
        while True:
            try:
                event = await asyncio.wait_for(subscription.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                yield _HEARTBEAT
                continue
            if event is None:
                return
            yield b"event: changes\ndata: " + msgspec.json.encode(event) + b"\n\n"

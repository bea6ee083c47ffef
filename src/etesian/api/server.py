"""Serving the API on a socket: one process, one event loop."""

from __future__ import annotations

import socket
from typing import Final

import uvicorn
from fastapi import FastAPI

from etesian.api.change_feed import ChangeFeed

#: How long open requests may go on when the server is asked to stop. Event streams end at once.
STOP_GRACE_SECONDS: Final = 5


class ApiServer(uvicorn.Server):
    """Ends the event streams when it is asked to stop; they would never end by themselves."""

    def __init__(self, app: FastAPI) -> None:
        self._feed: ChangeFeed = app.state.feed
        super().__init__(
            uvicorn.Config(
                app,
                loop="uvloop",
                http="httptools",
                ws="none",
                lifespan="on",
                access_log=False,
                log_config=None,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=STOP_GRACE_SECONDS,
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, end what is open, and return."""
        self._feed.close()
        await super().shutdown(sockets)


def serve(app: FastAPI, listener: socket.socket) -> None:
    """Answer requests on ``listener`` until SIGTERM or SIGINT."""
    ApiServer(app).run(sockets=[listener])

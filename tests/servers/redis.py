"""A real Redis server on loopback that keeps nothing on disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.harness import find_free_port
from tests.servers.programs import need_program, running


@contextmanager
def running_redis(folder: Path) -> Iterator[int]:
    """Start the server, give its port, and stop it at the end."""
    program = need_program("redis-server", debian="redis-server")
    port = find_free_port()
    options = [
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(folder),
    ]
    with running([program, *options], port=port, log=folder / "redis.log"):
        yield port

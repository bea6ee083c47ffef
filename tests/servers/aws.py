"""Amazon's services as moto speaks them, in a process of their own on loopback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.e2e.harness import find_free_port
from tests.servers.programs import running


@contextmanager
def running_aws(folder: Path) -> Iterator[str]:
    """Start the services, give their address, and stop them at the end."""
    if find_spec("moto") is None or find_spec("flask") is None:
        pytest.skip("NOT INSTALLED: moto with flask, which stands in for Amazon's services")
    port = find_free_port()
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with running(command, port=port, log=folder / "moto.log"):
        yield f"http://127.0.0.1:{port}"

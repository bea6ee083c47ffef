"""Every executor that there is, on a stage of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conformance.executors.local_peer import LocalPeer
from tests.conformance.executors.peer import Peer, Stage

PEERS: dict[str, Callable[[Path], Peer]] = {"local": LocalPeer}


@pytest.fixture(params=PEERS)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    peer = PEERS[request.param](tmp_path)
    stage = Stage(peer)
    yield stage
    stage.executor.close()
    peer.close()

"""What the local executor adds to what every executor does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from etesian.protocol import PROTOCOL_VERSION
from etesian.protocol.channels import Hello
from etesian.protocol.reports import Running
from tests.conformance.executors.local_peer import LocalPeer
from tests.conformance.executors.peer import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(LocalPeer(tmp_path))
    yield stage
    stage.executor.close()
    stage.peer.close()


def test_the_worker_of_a_home_answers_for_all_its_attempts(stage: Stage) -> None:
    hello = Hello(protocol_version=PROTOCOL_VERSION, hostname="new-container", pid=1)
    stage.peer.appear(hello, Running(hostname="new-container", claimed=("a",)))
    stage.connect()
    stage.turn_until_received(Running(hostname="new-container", claimed=("a",), is_only_worker=True))

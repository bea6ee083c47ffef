from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from etesian.worker.groups import ProcessGroups

NOBODY = 65534


@pytest.fixture
def of_root() -> Iterator[int]:
    """A process that leads a group of its own, and may not be signalled by others."""
    if os.getuid() != 0:
        pytest.skip("needs the right to change users")
    with subprocess.Popen(["sleep", "60"], process_group=0) as process:
        yield process.pid
        process.kill()


def test_what_has_become_another_users_is_left_alone(of_root: int) -> None:
    """A task may call ``sudo``: that the host may not signal what it started must not end the host."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setuid(NOBODY)
            groups = ProcessGroups(stop_grace_seconds=1.0)
            groups.add(1, of_root)
            groups.signal(1, signal.SIGTERM, to_group=True)
            groups.signal(1, signal.SIGTERM, to_group=False)
            status = 0 if groups.remove(of_root) == 1 and groups.seconds_until_kill() is None else 2
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    os.kill(of_root, 0)

"""One platform per home, also after the one before was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from etesian.cli.services.home_lock import HomeInUseError, HomeLock
from etesian.foundation.errors import EtesianError

HOLDER = """
import sys
from pathlib import Path
from etesian.cli.services.home_lock import HomeLock
lock = HomeLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_platform_on_one_home_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    lock = HomeLock(tmp_path)

    with pytest.raises(HomeInUseError, match=rf"pid {os.getpid()}\b.*ETESIAN_HOME"):
        HomeLock(tmp_path)

    lock.release()
    HomeLock(tmp_path).release()


def test_a_killed_holder_leaves_the_home_free(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(HomeInUseError):
        HomeLock(tmp_path)

    holder.kill()
    holder.wait()
    holder.stdout.close()
    holder.stdin.close()

    HomeLock(tmp_path).release()


def test_a_home_that_cannot_be_made_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(EtesianError, match=r"cannot be written.*ETESIAN_HOME"):
        HomeLock(tmp_path / "file" / "home")

"""The folder for sockets."""

from __future__ import annotations

import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from etesian.foundation.run_dir import RunDirectoryError, run_directory

LONG = "a-home-with-a-long-path" * 5


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a folder with a short path, which is also where temporary folders are made."""
    with tempfile.TemporaryDirectory(prefix="etesian-") as name:
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)


def test_it_is_inside_a_home_with_a_short_path(temporary: Path) -> None:
    folder = run_directory(temporary / "home")
    assert folder == temporary / "home" / "run"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_home_with_a_long_path_gets_one_outside_that_all_its_processes_find(temporary: Path) -> None:
    folder = run_directory(temporary / LONG)
    assert folder == run_directory(temporary / LONG)
    assert folder != run_directory(temporary / f"{LONG}-2")
    assert folder.parent == temporary
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "a-socket-with-a-name-as-long-as-they-get"))


def test_a_folder_that_others_could_enter_is_closed(temporary: Path) -> None:
    run_directory(temporary / LONG).chmod(0o755)
    assert stat.S_IMODE(run_directory(temporary / LONG).stat().st_mode) == 0o700


def test_something_else_in_its_place_is_refused(temporary: Path) -> None:
    folder = run_directory(temporary / LONG)
    folder.rmdir()
    folder.symlink_to(temporary)
    with pytest.raises(RunDirectoryError, match="remove it"):
        run_directory(temporary / LONG)


def test_a_place_that_cannot_be_written_is_named(temporary: Path) -> None:
    (temporary / "home").write_text("in the way")
    with pytest.raises(RunDirectoryError, match="cannot make the folder"):
        run_directory(temporary / "home")

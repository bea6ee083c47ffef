"""The folder for sockets."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from etesian.foundation.run_dir import RunDirectoryError, run_directory


def test_it_is_inside_a_home_with_a_short_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    home = Path("/tmp") / f"e{tmp_path.name[-6:]}"
    try:
        assert run_directory(home) == home / "run"
        assert stat.S_IMODE((home / "run").stat().st_mode) == 0o700
    finally:
        (home / "run").rmdir()
        home.rmdir()


def test_a_home_with_a_long_path_gets_one_outside_that_all_its_processes_find(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    folder = run_directory(home)
    assert folder == run_directory(home)
    assert folder != run_directory(tmp_path / ("other" * 30))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "a-socket-with-a-name-as-long-as-they-get"))
    (folder / "a-socket-with-a-name-as-long-as-they-get").unlink()


def test_a_folder_that_others_could_enter_is_closed(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    run_directory(home).chmod(0o755)
    assert stat.S_IMODE(run_directory(home).stat().st_mode) == 0o700


def test_something_else_in_its_place_is_refused(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    folder = run_directory(home)
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(RunDirectoryError, match="remove it"):
        run_directory(home)
    folder.unlink()

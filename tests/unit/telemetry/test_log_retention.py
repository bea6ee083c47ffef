"""Which logs go, and which stay."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from etesian.telemetry.log_retention import delete_old_logs
from etesian.telemetry.task_logs import begin_import_log, import_log_path, log_path, open_log

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def write_log(folder: Path, run_id: str, task_id: str, *, age: timedelta) -> Path:
    path = log_path(folder, "etl", run_id, task_id, -1, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}\n")
    moment = (NOW - age).timestamp()
    os.utime(path, (moment, moment))
    return path


def test_logs_that_are_too_old_go_with_the_folders_that_they_leave_empty(tmp_path: Path) -> None:
    for task_id in ("a", "b"):
        write_log(tmp_path, "old", task_id, age=timedelta(days=3))
    assert list(delete_old_logs(tmp_path, NOW - timedelta(days=2))) == [2]
    assert list(tmp_path.iterdir()) == []


def test_newer_logs_of_the_same_run_stay(tmp_path: Path) -> None:
    write_log(tmp_path, "r", "early", age=timedelta(days=3))
    late = write_log(tmp_path, "r", "late", age=timedelta(days=1))
    assert list(delete_old_logs(tmp_path, NOW - timedelta(days=2))) == [1]
    assert list(late.parent.iterdir()) == [late]


def test_files_that_are_no_logs_stay(tmp_path: Path) -> None:
    other = tmp_path / "notes" / "mine.txt"
    other.parent.mkdir()
    other.write_text("keep")
    os.utime(other, (0, 0))
    assert list(delete_old_logs(tmp_path, NOW)) == []
    assert other.exists()


def test_a_folder_that_is_not_there_has_no_old_logs(tmp_path: Path) -> None:
    assert list(delete_old_logs(tmp_path / "none", NOW)) == []


def test_logs_of_imports_go_too(tmp_path: Path) -> None:
    old, new = (import_log_path(tmp_path, "dags", f"{name}.py") for name in ("old", "new"))
    for path in (old, new):
        begin_import_log(path)
        os.close(open_log(path))
    for path, age in ((old, timedelta(days=3)), (new, timedelta(days=1))):
        moment = (NOW - age).timestamp()
        os.utime(path, (moment, moment))
    assert sum(delete_old_logs(tmp_path, NOW - timedelta(days=2))) == 1
    assert not old.exists()
    assert new.exists()


def test_the_log_of_a_files_imports_does_not_grow_without_bound(tmp_path: Path) -> None:
    path = import_log_path(tmp_path, "dags", "chatty.py")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 2**20)
    begin_import_log(path)
    assert path.stat().st_size == 2**20
    path.write_bytes(b"x" * (2**20 + 1))
    begin_import_log(path)
    assert path.stat().st_size == 0

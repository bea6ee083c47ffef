"""Deleting the logs of attempts that nobody wants to read any more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from etesian.telemetry.task_logs import IMPORTS_FOLDER

#: What the folders of DAGs and of runs begin with; anything else in the logs folder is not ours to delete.
_DAG_PREFIX = "dag_id="
_RUN_PREFIX = "run_id="
_BUNDLE_PREFIX = "bundle="


def delete_old_logs(logs_dir: Path, before: datetime) -> Iterator[int]:
    """Delete the logs that nobody has written to since a moment; yield, run by run, how many went.

    A run's folder goes with its last log, and a DAG's folder with its last run. Logs of imports go likewise, bundle
    by bundle. What cannot be deleted stays.
    """
    limit = before.timestamp()
    for dag_folder in _folders(logs_dir, _DAG_PREFIX):
        for run_folder in _folders(dag_folder, _RUN_PREFIX):
            yield _clean_folder(run_folder, limit)
        _remove_if_empty(dag_folder)
    for bundle_folder in _folders(logs_dir / IMPORTS_FOLDER, _BUNDLE_PREFIX):
        yield _clean_folder(bundle_folder, limit)


def _clean_folder(folder: Path, limit: float) -> int:
    deleted = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False) and entry.stat().st_mtime < limit:
                    os.unlink(entry.path)  # noqa: PTH108 - a path object per log would cost more than the rest
                    deleted += 1
    except OSError:
        return deleted  # it was deleted by somebody else meanwhile, or is not ours to delete
    if deleted:
        _remove_if_empty(folder)
    return deleted


def _folders(parent: Path, prefix: str) -> Iterator[Path]:
    try:
        with os.scandir(parent) as entries:
            names = [entry.name for entry in entries if entry.name.startswith(prefix)]
    except OSError:
        return  # there are no logs
    for name in names:
        yield parent / name


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # a run has just begun to write there

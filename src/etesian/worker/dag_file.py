"""Importing the DAG file that a process is for."""

from __future__ import annotations

from pathlib import Path

from etesian.worker.messages import DagFile
from etesian.worker.runner import TaskRunner


def load_dag_file(runner: TaskRunner, dag_file: DagFile) -> None:
    """Let a runner import a DAG file; the files of an old version are fetched first if they were deleted.

    Raises:
        BundleError: the version cannot be had.
        BaseException: whatever the file raises.
    """
    if dag_file.version is not None:
        from etesian.bundles.versions import VersionFolders  # late: most bundles are folders

        root, version = dag_file.version
        VersionFolders(Path(root)).restore(version)
    runner.load(Path(dag_file.folder, dag_file.file), Path(dag_file.folder))

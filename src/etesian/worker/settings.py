"""What a worker can be told."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from etesian.bundles.versions import VersionFolders
from etesian.protocol.addresses import worker_socket_path

#: Imported by the zygote when present: what nearly every DAG file and task needs.
DEFAULT_PRELOAD = (
    "etesian.compat:install",  # DAG files may import `airflow`
    "etesian.compat.plugins.finishing:warm_up",
    "json",
    "jinja2.sandbox",
    "pendulum",
    "etesian.sdk.dags.dag_loading",
    "etesian.sdk.attempts.execution",
    "etesian.operators.python",
    "etesian.operators.bash",
    "etesian.operators.empty",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """Settings of one worker process. Times are in seconds."""

    home: Path
    dags_folder: Path  #: where the bundle ``dags`` lies
    logs_dir: Path
    log_level: str = "info"  #: the least important messages of ``logging`` that attempts keep
    bundles: Mapping[str, Path] = field(default_factory=dict)  #: folders of further bundles
    #: of the bundles that have versions: where these lie
    versions: Mapping[str, VersionFolders] = field(default_factory=dict)
    queues: tuple[str, ...] = ("default",)
    preload: tuple[str, ...] = (
        DEFAULT_PRELOAD  #: modules that the zygote imports, or ``module:function`` that it calls
    )
    runner: str = (
        "etesian.worker.sdk_runner:SdkRunner"  #: what loads DAG files and runs tasks; see ``worker.runner``
    )

    stop_grace_seconds: float = 30.0  #: between SIGTERM and SIGKILL, and between a time-out and SIGTERM
    import_timeout_seconds: float = 60.0  #: a DAG file that takes longer to import fails its attempts
    import_request_seconds: float = 30.0  #: how long module-level code waits for a Variable or Connection
    request_seconds: float = (
        600.0  #: how long a task waits for an answer, for instance while the scheduler restarts
    )
    drain_seconds: float = 0.0  #: how long a stopping worker waits for running attempts before it stops them

    max_dag_hosts: int = 64
    #: processes forked in advance, over all DAG hosts
    max_spares: int = field(default_factory=lambda: 2 * (os.cpu_count() or 1))
    dag_host_memory_bytes: int = (
        512 * 1024 * 1024
    )  #: private memory of all DAG hosts; idle ones go when it is exceeded
    dag_host_idle_seconds: float = 60.0
    spare_idle_seconds: float = 5.0  #: how long a quiet DAG host keeps its process that is forked in advance

    nice: int = 0  #: added to the priority number of attempts
    attempt_memory_bytes: int | None = None  #: limit of an attempt's address space

    @property
    def socket_path(self) -> Path:
        """Where the scheduler's local executor connects to."""
        return worker_socket_path(self.home)

    @property
    def folder(self) -> Path:
        """Where the worker keeps its lock and its journal."""
        return self.home / "worker"

    def bundle_folder(self, bundle: str, version: str | None = None) -> Path | None:
        """Return where a bundle's files lie, in a version or the newest; None when this worker does not have it."""
        versions = self.versions.get(bundle)
        if versions is not None:
            newest = version or versions.current_version
            return None if newest is None else versions.folder_of(newest)
        return self.bundles.get(bundle, self.dags_folder if bundle == "dags" else None)

    def version_of(self, bundle: str, version: str | None) -> tuple[str, str] | None:
        """Return the root of a bundle and the version of it that is meant; None if it has no versions."""
        versions = self.versions.get(bundle)
        if versions is None or version is None:
            return None
        return str(versions.root), version

"""The worker service. It imports neither store nor API: its memory is what every task is forked from."""

from __future__ import annotations

from etesian.cli.services.folders import bundle_folders, version_folders
from etesian.config.settings import Settings
from etesian.worker.main import run_worker
from etesian.worker.settings import DEFAULT_PRELOAD, WorkerSettings


def worker_settings(settings: Settings) -> WorkerSettings:
    """Return what the worker is told."""
    return WorkerSettings(
        home=settings.home,
        dags_folder=settings.core.dags_folder,
        logs_dir=settings.logging.folder,
        bundles=bundle_folders(settings),
        versions={
            option.name: version_folders(settings, option)
            for option in settings.core.bundles
            if option.is_git
        },
        queues=settings.worker.queues,
        preload=("etesian.compat:install", *DEFAULT_PRELOAD, *settings.core.preload),
        stop_grace_seconds=settings.worker.stop_grace_seconds,
        max_dag_hosts=settings.worker.max_dag_hosts,
        dag_host_memory_bytes=settings.worker.dag_host_memory_mb * 1024 * 1024,
        dag_host_idle_seconds=settings.worker.dag_host_idle_seconds,
    )


def run(settings: Settings) -> None:
    """Run tasks of this host until SIGTERM or SIGINT."""
    run_worker(worker_settings(settings))

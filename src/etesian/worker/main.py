"""The worker service."""

from __future__ import annotations

import gc
import socket

from etesian.foundation.clock import SystemClock
from etesian.foundation.process import set_process_name
from etesian.foundation.stop import StopSignal
from etesian.worker.messages import ProcessSettings
from etesian.worker.scheduler_link import WorkerLock
from etesian.worker.settings import WorkerSettings
from etesian.worker.supervisor import Supervisor


def run_worker(settings: WorkerSettings, stop: StopSignal | None = None) -> None:
    """Run attempts until SIGTERM or SIGINT, or until ``stop`` is set; then stop them and end all processes.

    Raises:
        WorkerRunningError: the home has a worker already.
    """
    if stop is None:
        stop = StopSignal()
        stop.set_on_signals()
    set_process_name("etesian worker")
    lock = WorkerLock(settings.folder / "worker.lock")
    try:
        supervisor = Supervisor(settings, process_settings(settings), SystemClock())
        gc.freeze()  # the modules stay; collections need not look at them again
        supervisor.run(stop)
    finally:
        lock.release()


def process_settings(settings: WorkerSettings) -> ProcessSettings:
    """Return the part of the settings that zygote, DAG hosts and attempts need."""
    return ProcessSettings(
        hostname=socket.gethostname(),
        runner=settings.runner,
        preload=settings.preload,
        logs_dir=str(settings.logs_dir),
        log_level=settings.log_level,
        import_request_seconds=settings.import_request_seconds,
        request_seconds=settings.request_seconds,
        stop_grace_seconds=settings.stop_grace_seconds,
        nice=settings.nice,
        attempt_memory_bytes=settings.attempt_memory_bytes,
    )

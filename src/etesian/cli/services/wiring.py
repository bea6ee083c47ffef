"""From settings to parts: how the services open the store, and which executors there are."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from secrets import token_bytes

from etesian.cli.services.executor_choice import check_executor
from etesian.config.settings import Settings
from etesian.executors.base import Executor
from etesian.executors.local import LocalExecutor
from etesian.foundation.errors import EtesianError
from etesian.scheduler.core.settings import CoreSettings
from etesian.scheduler.shell.housekeeping import Retention
from etesian.scheduler.shell.settings import ShellSettings
from etesian.store import Store, open_store
from etesian.store.schema import migrate
from etesian.store.secrets import SecretBox
from etesian.telemetry.process_logs import configure_process_log


def start_logging(settings: Settings, process: str) -> None:
    """Send this process's log to standard error, as the settings say."""
    configure_process_log(process, level=settings.logging.level, format=settings.logging.format)


def prepare_home(settings: Settings) -> Store:
    """Make the folders of a home and bring its database to this release. Return the store, with no connection open:
    processes that are forked from this one may use it as if they had opened it themselves.

    Raises:
        EtesianError: a folder cannot be made, or the database cannot be used.
    """
    for folder in (settings.home, settings.core.dags_folder, settings.logging.folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EtesianError(
                f"the folder {str(folder)!r} cannot be made: {error.strerror}; make its parent writable"
            ) from error
    store = open_platform_store(settings)
    try:
        migrate(store)
    finally:
        store.dispose()
    return store


def open_platform_store(settings: Settings) -> Store:
    """Return the store that the settings name."""
    database, secrets = settings.database, settings.secrets
    keys = secrets.fernet_keys
    return open_store(
        database.url.reveal(),
        home=settings.home,
        synchronous=database.synchronous,
        pool_size=database.pool_size,
        secrets=SecretBox(secrets.fernet_key_file, keys.reveal() if keys else None),
    )


def make_executors(settings: Settings) -> dict[str, Executor]:
    """Return the executors by name.

    Raises:
        SettingsError: the settings name one that does not exist.
    """
    check_executor(settings)
    return {"local": LocalExecutor(settings.home, patience_seconds=settings.scheduler.worker_timeout_seconds)}


def shell_settings(settings: Settings) -> ShellSettings:
    """Return what one scheduler process is told."""
    seed = token_bytes(16)
    scheduler = settings.scheduler
    return ShellSettings(
        home=settings.home,
        holder=f"{socket.gethostname()}:{os.getpid()}:{seed[:4].hex()}",
        lease=timedelta(seconds=scheduler.lease_seconds),
        inbox_interval=timedelta(seconds=scheduler.inbox_interval_seconds),
        retention=Retention(
            run_age=_days(settings.retention.run_days),
            log_age=_days(settings.retention.log_days),
            logs_dir=settings.logging.folder,
        ),
        core=CoreSettings(
            ids_seed=seed,
            default_executor=settings.core.executor,
            parallelism=settings.core.parallelism,
            queued_timeout=timedelta(seconds=scheduler.queued_timeout_seconds),
            max_map_length=settings.core.max_map_length,
        ),
    )


def _days(number: float | None) -> timedelta | None:
    return None if number is None else timedelta(days=number)

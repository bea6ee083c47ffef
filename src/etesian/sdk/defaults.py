"""What DAG files mean where they are silent, as far as the settings of this installation say."""

from __future__ import annotations

import os
from datetime import timedelta

import msgspec

#: the one that this process uses; None: not looked up yet
_current: AuthoringDefaults | None = None


class AuthoringDefaults(msgspec.Struct, frozen=True, kw_only=True):
    """Values of arguments that an author did not give."""

    timezone: str = "UTC"  #: of naive dates, and of the schedules of DAGs whose start date has none
    max_active_tasks: int = 16  #: of a DAG
    max_active_runs: int = 16  #: of a DAG
    retries: int = 0  #: of a task
    retry_delay: timedelta = timedelta(minutes=5)  #: of a task
    xcom_backend: str | None = None  #: import path of a class that writes and reads XComs; None: plain JSON


def authoring_defaults() -> AuthoringDefaults:
    """Return the defaults of this process: those of the settings, unless others were set.

    Raises:
        SettingsError: the settings cannot be read.
    """
    if _current is None:
        set_authoring_defaults(_from_settings())
    return _current or AuthoringDefaults()


def set_authoring_defaults(defaults: AuthoringDefaults | None) -> None:
    """Use these defaults from now on, in this process; None: those of the settings, read anew."""
    global _current  # one process has one configuration
    _current = defaults


def _from_settings() -> AuthoringDefaults:
    # Late: reading the settings is no part of what `from etesian import DAG` takes.
    from etesian.config.load import load_settings

    core = load_settings(os.environ).core
    return AuthoringDefaults(
        timezone=core.default_timezone,
        max_active_tasks=core.max_active_tasks_per_dag,
        max_active_runs=core.max_active_runs_per_dag,
        retries=core.default_task_retries,
        retry_delay=timedelta(seconds=core.default_task_retry_delay_seconds),
        xcom_backend=core.xcom_backend,
    )

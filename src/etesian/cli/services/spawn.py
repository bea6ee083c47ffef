"""Services as fresh interpreters, for those that must not share this process's modules."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

from etesian.config.settings import Settings
from etesian.foundation.process import die_with_parent


def spawn_service(settings: Settings, command: str) -> Callable[[], int]:
    """Return a ``Service.start`` that runs an ``etesian`` command on the home of ``settings``.

    The child reads its own settings, from environment and file; folders and log level are passed on.
    """
    environment = {
        **os.environ,
        "ETESIAN_HOME": str(settings.home),
        "ETESIAN__CORE__DAGS_FOLDER": str(settings.core.dags_folder),
        "ETESIAN__LOGGING__FOLDER": str(settings.logging.folder),
        "ETESIAN__LOGGING__LEVEL": settings.logging.level,
    }

    def start() -> int:
        parent = os.getpid()
        process = subprocess.Popen(
            [sys.executable, "-m", "etesian", command],
            env=environment,
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=lambda: die_with_parent(parent, signal.SIGTERM),
        )
        process.returncode = 0  # reaped by the supervisor, not by ``subprocess``
        return process.pid

    return start

"""SIGTERM ends a running task in good order: its operator's ``on_kill`` is called first."""

from __future__ import annotations

import logging
import os
import signal
import threading
from types import FrameType
from typing import Any

from etesian.sdk.attempts.failures import log_failure
from etesian.sdk.exceptions import AirflowTaskTerminated

_log = logging.getLogger("airflow.task")
_running: list[OrderlyStop] = []  #: whom SIGTERM is meant for, the innermost last
_is_installed = False


def install_stop_handler() -> None:
    """Handle SIGTERM in this process, and in those that it forks, from now on.

    Without this, each ``OrderlyStop`` installs the handler for its own time, which costs more than a task
    that does nothing.
    """
    global _is_installed  # signal handlers belong to the process
    signal.signal(signal.SIGTERM, _on_sigterm)
    _is_installed = True


class OrderlyStop:
    """Let SIGTERM call an operator's ``on_kill`` and end its task, inside a block."""

    def __init__(self, operator: Any) -> None:
        self.operator = operator
        self.pid = 0
        self._previous: Any = None

    def __enter__(self) -> None:
        self.pid = os.getpid()
        _running.append(self)
        if not _is_installed and threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGTERM, _on_sigterm)

    def __exit__(self, *_: object) -> None:
        _running.remove(self)
        if self._previous is not None:
            signal.signal(signal.SIGTERM, self._previous)


def _on_sigterm(number: int, frame: FrameType | None) -> None:
    if not _running or _running[-1].pid != os.getpid():  # a process that user code forked ends as others do
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
        return
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _log.error("The task was told to stop; on_kill() is called")
    try:
        _running[-1].operator.on_kill()
    except Exception as error:
        log_failure(_log, error)
    raise AirflowTaskTerminated("the task was told to stop")

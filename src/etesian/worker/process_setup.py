"""What a process of the worker sets up before it runs user code: descriptors, signals, limits, group."""

from __future__ import annotations

import os
import resource
import signal
import sys
from typing import Final

from etesian.foundation.process import die_with_parent, set_process_name
from etesian.worker.messages import ProcessSettings

#: What a DAG file may have changed while it was imported, and a task expects at its default.
_DEFAULT_SIGNALS: Final = (
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGALRM,
    signal.SIGCHLD,
)


def reset_signals() -> None:
    """Give signals the meaning that a fresh Python gives them."""
    for number in _DEFAULT_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)


def redirect_output(output: int) -> None:
    """Let the pipe ``output`` be standard output and error."""
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)


def become_attempt(output: int, parent_pid: int, settings: ProcessSettings) -> None:
    """Make a freshly started process an attempt's own. Its signals and its input are set up already."""
    os.setsid()
    die_with_parent(parent_pid)
    set_process_name("etesian attempt")
    redirect_output(output)
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()  # Python's own generator reseeds itself after a fork
    if settings.nice:
        os.nice(settings.nice)
    if settings.attempt_memory_bytes is not None:
        resource.setrlimit(resource.RLIMIT_AS, (settings.attempt_memory_bytes, settings.attempt_memory_bytes))

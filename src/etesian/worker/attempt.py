"""The attempt's own process: wait for a workload, run its user code, report, end.

The process exists before it knows what to run (a spare is forked in advance). It is told only once the scheduler has
granted the claim, so being told is what starts user code, and it is told once.
"""

from __future__ import annotations

import logging
import os
import random
import resource
import signal
import socket
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from etesian.foundation.clock import utc_now
from etesian.foundation.process import die_with_parent, set_process_name
from etesian.protocol.reports import Failed, Finished, Outcome, Succeeded
from etesian.protocol.workloads import RunCallback, RunTask
from etesian.sdk.runtime import set_platform
from etesian.telemetry.task_logs import callback_log_path, log_path
from etesian.worker.attempt_log import AttemptLog
from etesian.worker.channel_platform import AttemptChannel, ChannelPlatform
from etesian.worker.messages import ProcessSettings, Ready
from etesian.worker.run_as import UserChangeError, become_user
from etesian.worker.runner import TaskRunner

#: Asks a task to end by itself because its time is up. Not SIGALRM, which user code sets and clears at will.
TIME_OUT_SIGNAL: Final = signal.SIGRTMIN + 3

_RESET_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2,
                         signal.SIGALRM, signal.SIGCHLD, signal.SIGPIPE)  # fmt: skip


class Attempt:
    """One process, at most one workload."""

    def __init__(self, channel: socket.socket, runner: TaskRunner, settings: ProcessSettings) -> None:
        self._channel = AttemptChannel(channel)
        self._runner = runner
        self._settings = settings

    def run(self) -> NoReturn:
        """Serve one workload and end the process, whatever happens."""
        status = 1
        try:
            self._serve()
            status = 0
        except (EOFError, BrokenPipeError, ConnectionResetError):
            status = 0  # the supervisor does not need this process, or has gone
        except BaseException:
            traceback.print_exc()
        finally:
            # No clean-up of the interpreter: nobody waits for it, and it would run the parent's exit handlers.
            os._exit(status)

    def _serve(self) -> None:
        self._channel.send(Ready(pid=os.getpid()))
        workload = self._channel.receive()
        if not isinstance(workload, RunTask | RunCallback):
            raise TypeError(f"expected a workload, got {type(workload).__name__}")
        platform = ChannelPlatform(self._channel, self._settings.request_seconds)
        set_platform(platform)
        started_at = utc_now()
        log = AttemptLog(_log_path(workload, self._settings), str)
        log.capture_python(logging.INFO)
        outcome = self._run(workload, log)
        log.flush()
        self._channel.send(
            Finished(
                attempt_id=workload.attempt_id,
                outcome=outcome,
                started_at=started_at,
                ended_at=utc_now(),
            )
        )

    def _run(self, workload: RunTask | RunCallback, log: AttemptLog) -> Outcome:
        try:
            signal.signal(TIME_OUT_SIGNAL, self._on_time_out)
            outcome = self._run_user_code(workload)
            signal.signal(TIME_OUT_SIGNAL, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        except BaseException as error:  # whatever user code throws ends its attempt, not the platform
            signal.signal(TIME_OUT_SIGNAL, signal.SIG_IGN)
            log.write(
                f"the attempt failed: {error!r}",
                level="error",
                source="etesian",
                error=traceback.format_exc(),
            )
            return Failed(reason=f"{type(error).__name__}: {error}", error_type=_qualified_name(type(error)))
        return outcome

    def _run_user_code(self, workload: RunTask | RunCallback) -> Outcome:
        if isinstance(workload, RunTask):
            if workload.run_as_user is not None:
                try:
                    become_user(workload.run_as_user)
                    die_with_parent(os.getppid())  # the kernel forgets it when the user changes
                except UserChangeError as error:
                    return Failed(reason=str(error), cause="not_started")
            return self._runner.run_task(workload)
        self._runner.run_callback(workload)
        return Succeeded()

    def _on_time_out(self, _number: int, _frame: FrameType | None) -> None:
        raise self._runner.time_out()


def prepare_process(output: int, parent_pid: int, settings: ProcessSettings) -> None:
    """Make a freshly forked process an attempt's own: group, descriptors, signals, seeds, limits."""
    os.setsid()
    die_with_parent(parent_pid)
    set_process_name("etesian attempt")
    redirect_output(output)
    for number in _RESET_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # as Python starts
    random.seed()
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
    if settings.nice:
        os.nice(settings.nice)
    if settings.attempt_memory_bytes is not None:
        resource.setrlimit(resource.RLIMIT_AS, (settings.attempt_memory_bytes, settings.attempt_memory_bytes))


def redirect_output(output: int) -> None:
    """Let the pipe ``output`` be standard output and error; standard input has nothing to read."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)


def _log_path(workload: RunTask | RunCallback, settings: ProcessSettings) -> Path:
    logs_dir, run = Path(settings.logs_dir), workload.run
    if isinstance(workload, RunCallback):
        return callback_log_path(
            logs_dir, run.dag_id, run.run_id, workload.task_id, workload.map_index, workload.kind
        )
    return log_path(
        logs_dir, run.dag_id, run.run_id, workload.task_id, workload.map_index, workload.try_number
    )


def _qualified_name(error_type: type[BaseException]) -> str:
    return f"{error_type.__module__}.{error_type.__qualname__}"

"""The attempt's own process: wait for a workload, run its user code, report, end.

The process exists before it knows what to run (a spare is forked in advance). It is told only once the
scheduler has granted the claim, so being told is what starts user code, and it is told once.
"""

from __future__ import annotations

import os
import signal
import socket
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NoReturn

import msgspec

from etesian.foundation.clock import utc_now
from etesian.foundation.process import die_with_parent
from etesian.foundation.valid_text import as_valid_text
from etesian.protocol.frames import FrameError
from etesian.protocol.reports import Failed, Finished, Outcome, Succeeded
from etesian.protocol.workloads import RunCallback, RunTask
from etesian.sdk.connections.secrets_masker import secrets_masker
from etesian.sdk.runtime import set_platform
from etesian.worker.attempt_log import AttemptLog
from etesian.worker.channel_platform import AttemptChannel, ChannelPlatform
from etesian.worker.messages import TIME_OUT_SIGNAL, ProcessSettings, Ready
from etesian.worker.run_as import UserChangeError, become_user
from etesian.worker.runner import TaskResult, TaskRunner
from etesian.worker.workload_log import workload_log_path


class Attempt:
    """What an attempt's process does. Made once in the zygote, run in each process that a DAG host forks."""

    def __init__(self, runner: TaskRunner, settings: ProcessSettings) -> None:
        self._runner = runner
        self._logs_dir = Path(settings.logs_dir)
        self._log = AttemptLog(secrets_masker().redact_text, settings.log_level)
        self._channel = AttemptChannel()
        self._platform = ChannelPlatform(self._channel, settings.request_seconds)
        self._has_outcome = False

    def take_over(self) -> None:
        """Let output, log and time-out of this process, and of those forked from it, be the attempt's."""
        self._log.capture_python()
        signal.signal(TIME_OUT_SIGNAL, self._on_time_out)

    def run(self, channel: socket.socket) -> NoReturn:
        """Serve one workload and end the process, whatever happens."""
        status = 1
        try:
            self.serve(channel)
            status = 0
        except (EOFError, BrokenPipeError, ConnectionResetError):
            status = 0  # the supervisor does not need this process, or has gone
        except BaseException as error:
            self._log.write_failure("the attempt's process failed", error)
        finally:
            # No clean-up of the interpreter: nobody waits for it, and it would run the parent's exit
            # handlers.
            os._exit(status)

    def serve(self, connection: socket.socket) -> None:
        """Wait for a workload, run it, report.

        Raises:
            OSError: the supervisor has gone; ``EOFError`` if it went before it sent a workload.
        """
        channel = self._channel
        channel.connect(connection)
        set_platform(self._platform)
        channel.send(Ready(pid=os.getpid()))
        workload = channel.receive()
        started_at = utc_now()
        if not isinstance(workload, RunTask | RunCallback):
            raise TypeError(f"expected a workload, got {type(workload).__name__}")
        secrets_masker().add_listener(self._platform.mask)
        self._log.direct_to(partial(workload_log_path, self._logs_dir, workload))
        outcome, rendered_map_index = self._run(workload)
        self._log.flush()
        if not channel.is_ours:
            return  # a process that user code forked has come back here; only its parent may report
        attempt_id, ended_at = workload.attempt_id, utc_now()
        report = Finished(
            attempt_id=attempt_id,
            outcome=outcome,
            started_at=started_at,
            ended_at=ended_at,
            rendered_map_index=rendered_map_index,
        )
        try:
            channel.send(report)
        except (FrameError, UnicodeEncodeError) as error:  # XComs of hundreds of megabytes; lone surrogates
            channel.send(msgspec.structs.replace(report, outcome=_as_sendable(outcome, error)))

    def _run(self, workload: RunTask | RunCallback) -> TaskResult:
        try:
            result = self._run_user_code(workload)
            self._has_outcome = True
        except BaseException as error:  # whatever user code throws ends its attempt, not the platform
            self._has_outcome = True
            self._log.write_failure("the attempt failed", error)
            error_type = f"{type(error).__module__}.{type(error).__qualname__}"
            reason = f"{type(error).__name__}: {error}"
            return TaskResult(Failed(reason=reason, error_type=error_type))
        return result

    def _run_user_code(self, workload: RunTask | RunCallback) -> TaskResult:
        if isinstance(workload, RunCallback):
            self._runner.run_callback(workload)
            return TaskResult(Succeeded())
        if workload.run_as_user is not None:
            self._log.open()  # which the other user may not be allowed to
            try:
                become_user(workload.run_as_user)
            except UserChangeError as error:
                return TaskResult(Failed(reason=str(error), cause="not_started"))
            die_with_parent(os.getppid())  # the kernel forgets it when the user changes
        return self._runner.run_task(workload)

    def _on_time_out(self, _number: int, _frame: FrameType | None) -> None:
        if not self._has_outcome:
            raise self._runner.time_out()


def _as_sendable(outcome: Outcome, error: Exception) -> Failed:
    """Return what becomes of an outcome that cannot be sent: a failure stays itself, with a text that can be."""
    if isinstance(outcome, Failed):
        return msgspec.structs.replace(outcome, reason=as_valid_text(outcome.reason))
    return Failed(reason=f"what the task came to cannot be sent: {error}")

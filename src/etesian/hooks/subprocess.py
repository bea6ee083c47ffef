"""Commands on this machine: started, read line by line, and stopped with all that they started."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from subprocess import PIPE, STDOUT, Popen, TimeoutExpired
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from etesian.hooks.base import BaseHook
from etesian.hooks.process_tree import signal_tree


class SubprocessResult(NamedTuple):
    """What a command came to."""

    exit_code: int
    output: str  #: the last line


#: How long an abandoned command has between SIGTERM and SIGKILL.
STOP_GRACE_SECONDS: Final = 5.0
#: A line longer than this is cut in the log; it still is the output.
MAX_LOGGED_LINE: Final = 16_384


@contextmanager
def working_directory(cwd: str | None = None) -> Iterator[str]:
    """Give ``cwd``, or a new folder that is deleted afterwards."""
    if cwd is not None:
        yield cwd
        return
    with TemporaryDirectory(prefix="etesian-", ignore_cleanup_errors=True) as folder:
        yield folder


class SubprocessHook(BaseHook):
    """Runs one command at a time."""

    def __init__(self, logger_name: str | None = None) -> None:
        super().__init__(logger_name)
        self.sub_process: Popen[bytes] | None = None

    def run_command(
        self,
        command: Sequence[str],
        env: Mapping[str, str] | None = None,
        output_encoding: str = "utf-8",
        cwd: str | None = None,
    ) -> SubprocessResult:
        """Run a command to its end, logging each line of its output as it comes.

        ``env`` replaces the environment; None inherits it. Without ``cwd`` the command starts in a new folder
        that is deleted afterwards. The result is the exit code and the last line of output, errors included.
        """
        with working_directory(cwd) as folder:
            self.log.info("Running command: %s", list(command))
            self.sub_process = Popen(
                list(command),
                stdout=PIPE,
                stderr=STDOUT,
                cwd=folder,
                env=dict(os.environ if env is None else env),
            )
            try:
                last_line = self._read(self.sub_process, output_encoding)
                exit_code = self.sub_process.wait()
            except BaseException:
                self._abandon(self.sub_process)
                raise
        self.log.info("Command exited with return code %s", exit_code)
        return SubprocessResult(exit_code=exit_code, output=last_line)

    def _read(self, process: Popen[bytes], encoding: str) -> str:
        assert process.stdout is not None
        line = ""
        with process.stdout as stream:
            for raw in stream:
                line = raw.decode(encoding, errors="backslashreplace").rstrip()
                self.log.info("%s", line[:MAX_LOGGED_LINE])
        return line

    def _abandon(self, process: Popen[bytes]) -> None:
        """End the command before its task does, so that another try cannot overlap with it."""
        signal_tree(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_GRACE_SECONDS)
        except TimeoutExpired:
            signal_tree(process.pid, signal.SIGKILL)
            process.wait()

    def send_sigterm(self) -> None:
        """Ask the command, and all that it started, to end."""
        process = self.sub_process
        if process is not None and process.poll() is None:
            self.log.info("Sending SIGTERM to the command and all that it started")
            signal_tree(process.pid, signal.SIGTERM)

"""Scheduler, worker and triggerer of one local run, as child processes of the command."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from etesian.cli.services import scheduler
from etesian.cli.services.spawn import spawn_service
from etesian.cli.services.supervisor import fork_service
from etesian.config.settings import Settings
from etesian.foundation.errors import EtesianError

#: How long a child may take to stop before it is killed.
_STOP_SECONDS = 15.0


class EngineError(EtesianError):
    """A process of the local run ended before the run did."""


class Engine:
    """The processes. What they log is shown only at the level that ``settings`` say."""

    def __init__(self, settings: Settings) -> None:
        needed, self._need = os.pipe()  # inherited by forks only
        self._pids = {
            "worker": spawn_service(settings, "worker")(),
            "triggerer": fork_service("triggerer", lambda: _run_triggerer(settings, needed, self._need))(),
            "scheduler": fork_service("scheduler", lambda: scheduler.run(settings))(),
        }
        os.close(needed)
        self._has_triggerer = False

    def start_triggerer(self) -> None:
        """Let deferred tasks be waited for; until a run has one, nothing is spent on it. May be repeated."""
        if not self._has_triggerer:
            self._has_triggerer = True
            os.write(self._need, b"!")

    def check(self) -> None:
        """Notice a child that ended by itself.

        Raises:
            EngineError: one did; without it the run would never end.
        """
        for name, pid in self._pids.items():
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._pids[name]
                raise EngineError(
                    f"the {name} of this run ended (status {os.waitstatus_to_exitcode(status)}); "
                    "its messages are above"
                )

    def stop(self) -> None:
        """Stop all, the worker first, so that the scheduler stores what its tasks came to."""
        for name in ("worker", "triggerer", "scheduler"):
            pid = self._pids.pop(name, None)
            if pid is not None:
                _stop(pid)
        os.close(self._need)


@contextmanager
def running_engine(settings: Settings) -> Iterator[Engine]:
    """Start the processes on the home of ``settings``; stop them at the end."""
    engine = Engine(settings)
    try:
        yield engine
    finally:
        engine.stop()


def _run_triggerer(settings: Settings, needed: int, need: int) -> None:
    """In the child: await triggers from when they are needed on."""
    os.close(need)  # so that the parent's end is the only one
    if not os.read(needed, 1):
        return
    from etesian.cli.services import triggerer  # late: most runs defer nothing

    triggerer.run(settings)


def _stop(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while os.waitpid(pid, os.WNOHANG)[0] == 0:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return
        time.sleep(0.005)

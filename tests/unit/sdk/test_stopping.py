"""SIGTERM at a task's process."""

from __future__ import annotations

import os
import signal
import sys

from etesian.sdk.attempts.stopping import OrderlyStop, install_stop_handler


class Operator:
    """Leaves a trace when it is told to stop."""

    def on_kill(self) -> None:
        os._exit(3)


def status_of_child(run: object) -> int:
    """Return how a forked process that calls ``run`` ends: its exit code, or minus the signal's number."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            run()  # type: ignore[operator]
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def stop_myself() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pause()


def test_a_running_task_is_told() -> None:
    def run() -> None:
        install_stop_handler()
        with OrderlyStop(Operator()):
            stop_myself()

    assert status_of_child(run) == 3


def test_between_tasks_the_process_just_ends() -> None:
    def run() -> None:
        install_stop_handler()
        with OrderlyStop(Operator()):
            pass
        stop_myself()

    assert status_of_child(run) == -signal.SIGTERM


def test_a_process_that_the_task_forked_just_ends() -> None:
    def run() -> None:
        install_stop_handler()
        with OrderlyStop(Operator()):
            ended = status_of_child(stop_myself)
        os._exit(7 if ended == -signal.SIGTERM else 8)

    assert status_of_child(run) == 7

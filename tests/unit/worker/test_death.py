from __future__ import annotations

import signal

from etesian.protocol.reports import Failed, Usage
from etesian.worker.death import OutOfMemoryWatch, describe_status, explain_death, usage_of
from etesian.worker.messages import Exited

GIB = 1024**3


def exited(status: int) -> Exited:
    return Exited(number=1, status=status, peak_memory_bytes=int(3.1 * GIB), cpu_seconds=1.5)


def test_a_kill_for_want_of_memory_says_so() -> None:
    assert explain_death(exited(signal.SIGKILL), was_out_of_memory=True) == Failed(
        reason="killed by SIGKILL: the kernel's out-of-memory killer ended it; peak memory 3.1 GiB",
        cause="out_of_memory",
    )


def test_another_kill_is_not_taken_for_one() -> None:
    reason = "killed by SIGKILL; peak memory 3.1 GiB"
    assert explain_death(exited(signal.SIGKILL), was_out_of_memory=False) == Failed(
        reason=reason, cause="killed"
    )
    outcome = explain_death(exited(signal.SIGSEGV), was_out_of_memory=True)
    assert outcome == Failed(reason="killed by SIGSEGV; peak memory 3.1 GiB", cause="killed")


def test_an_exit_without_a_report_names_the_code() -> None:
    reason = "its process ended without a report: exit code 3; peak memory 3.1 GiB"
    assert explain_death(exited(3 << 8), was_out_of_memory=False) == Failed(reason=reason, cause="killed")


def test_a_status_is_a_signal_or_a_code() -> None:
    assert describe_status(signal.SIGTERM) == "killed by SIGTERM"
    assert describe_status(0) == "exit code 0"
    assert describe_status(40) == "killed by signal 40"
    assert "nobody could see how" in describe_status(None)


def test_usage_has_a_code_or_a_signal() -> None:
    peak = int(3.1 * GIB)
    assert usage_of(exited(3 << 8)) == Usage(peak_memory_bytes=peak, cpu_seconds=1.5, exit_code=3)
    assert usage_of(exited(9)) == Usage(peak_memory_bytes=peak, cpu_seconds=1.5, exit_signal=9)


def test_without_a_kill_the_watch_is_quiet() -> None:
    assert not OutOfMemoryWatch().has_killed()

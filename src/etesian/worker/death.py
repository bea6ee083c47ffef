"""How a process ended, in words."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final

from etesian.protocol.reports import Failed, Usage
from etesian.worker.messages import Exited

_GIB: Final = 1024**3
_MIB: Final = 1024**2


def describe_status(status: int | None) -> str:
    """Return how a process ended, from its status as from ``waitpid``; None if nobody could wait for it."""
    if status is None:
        return "nobody could see how, because its parent, the zygote, ended first"
    if os.WIFSIGNALED(status):
        return f"killed by {name_signal(os.WTERMSIG(status))}"
    return f"exit code {os.waitstatus_to_exitcode(status)}"


def name_signal(number: int) -> str:
    """Return a signal's name; real-time signals have only a number.

    >>> name_signal(9), name_signal(40)
    ('SIGKILL', 'signal 40')
    """
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def describe_bytes(size: int) -> str:
    """Return a size for people.

    >>> describe_bytes(3 * 1024**3 + 200 * 1024**2), describe_bytes(45 * 1024**2)
    ('3.2 GiB', '45 MiB')
    """
    return f"{size / _GIB:.1f} GiB" if size >= _GIB else f"{size / _MIB:.0f} MiB"


def usage_of(exited: Exited) -> Usage:
    """Return what a process used and how it ended, as the scheduler keeps it."""
    was_signalled = os.WIFSIGNALED(exited.status)
    return Usage(
        peak_memory_bytes=exited.peak_memory_bytes,
        cpu_seconds=exited.cpu_seconds,
        exit_code=None if was_signalled else os.waitstatus_to_exitcode(exited.status),
        exit_signal=os.WTERMSIG(exited.status) if was_signalled else None,
    )


def explain_death(exited: Exited, *, was_out_of_memory: bool) -> Failed:
    """Return the outcome of an attempt whose process ended without a report and was not told to."""
    how = describe_status(exited.status)
    peak = f"peak memory {describe_bytes(exited.peak_memory_bytes)}"
    if was_out_of_memory and how == "killed by SIGKILL":
        reason = f"{how}: the kernel's out-of-memory killer ended it; {peak}"
        return Failed(reason=reason, cause="out_of_memory")
    if os.WIFSIGNALED(exited.status):
        return Failed(reason=f"{how}; {peak}", cause="killed")
    return Failed(reason=f"its process ended without a report: {how}; {peak}", cause="killed")


class OutOfMemoryWatch:
    """Tells whether the kernel has killed for want of memory since it was last asked.

    Looks at the counter of this process's control group, else of the whole machine: then an unrelated victim
    may be taken for ours, but only if one of ours was killed by SIGKILL at the same time.
    """

    def __init__(self) -> None:
        self._sources = [source for source in (_cgroup_events(), Path("/proc/vmstat")) if source is not None]
        self._seen = self._count()

    def has_killed(self) -> bool:
        """Return whether the counter has grown since the last call."""
        before, self._seen = self._seen, self._count()
        return self._seen > before

    def _count(self) -> int:
        for source in self._sources:
            try:
                lines = source.read_text(encoding="ascii").splitlines()
            except OSError:
                continue
            for line in lines:
                name, _, value = line.partition(" ")
                if name == "oom_kill":
                    return int(value)
        return 0


def _cgroup_events() -> Path | None:
    try:
        groups = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    for line in groups:
        if line.startswith("0::"):
            path = Path("/sys/fs/cgroup", line[3:].lstrip("/"), "memory.events")
            return path if path.exists() else None
    return None

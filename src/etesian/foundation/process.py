"""What Python's library does not offer of Linux processes: dying with the parent, adopting orphans, a name."""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent_pid: int, signal_number: int = signal.SIGKILL) -> None:
    """Ask the kernel to signal this process when its parent ends, even by ``kill -9``.

    ``parent_pid`` is the parent as it was before the fork: if it has gone already, the process ends at once.
    On systems without ``prctl`` this does nothing; the parent's orderly stop still ends its children.
    """
    if not hasattr(_libc, "prctl"):
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), signal_number)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, so that none is left behind unseen.

    On systems without ``prctl`` this does nothing, and such processes go to the system's first process.
    """
    if hasattr(_libc, "prctl"):
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def set_process_name(name: str) -> None:
    """Show ``name`` (cut to 15 bytes) in ``ps`` and ``top``, so that an operator can tell the processes apart."""
    if hasattr(_libc, "prctl"):
        _libc.prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)

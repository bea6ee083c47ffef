"""What the processes of one worker tell each other. Both ends come from the same installation: no versions
needed.
"""

from __future__ import annotations

import signal
from typing import Final, TypeAlias

import msgspec

from etesian.protocol.reports import Finished
from etesian.protocol.requests import Answer, Request
from etesian.protocol.workloads import RunCallback, RunTask

#: Asks a task to end by itself because its time is up. Not SIGALRM, which user code sets and clears at will.
TIME_OUT_SIGNAL: Final = signal.SIGRTMIN + 3


class ProcessSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What DAG hosts and attempts need to know of the worker's settings."""

    hostname: str
    runner: str
    preload: tuple[str, ...]
    logs_dir: str
    log_level: str
    import_request_seconds: float
    request_seconds: float
    stop_grace_seconds: float
    nice: int
    attempt_memory_bytes: int | None


class DagFile(msgspec.Struct, frozen=True, kw_only=True):
    """The file that a DAG host imports."""

    bundle: str
    file: str  #: relative to the bundle
    code_hash: str
    folder: str  #: where the bundle lies
    #: what the folder is restored from if it is not there: the bundle's root and the version; None: nothing
    version: tuple[str, str] | None = None
    is_spawned: bool = False  #: import it anew in a fresh interpreter for each attempt


# --- supervisor <-> zygote: packets -------------------------------------------------------------------------


class StartHost(msgspec.Struct, frozen=True, kw_only=True, tag="start_host"):
    """Fork a DAG host. Three descriptors come along: its control socket, its channel, its output pipe."""

    number: int
    dag_file: DagFile


class KillHost(msgspec.Struct, frozen=True, kw_only=True, tag="kill_host"):
    """End a DAG host that hangs, and what it started while importing."""

    number: int


class HostEnded(msgspec.Struct, frozen=True, kw_only=True, tag="host_ended"):
    """A DAG host has gone; ``status`` as from ``waitpid``."""

    number: int
    status: int


ToZygote: TypeAlias = StartHost | KillHost


# --- supervisor <-> DAG host: packets -----------------------------------------------------------------------


class Fork(msgspec.Struct, frozen=True, kw_only=True, tag="fork"):
    """Fork an attempt's process. Two descriptors come along: its channel and its output pipe."""

    number: int


class Signal(msgspec.Struct, frozen=True, kw_only=True, tag="signal"):
    """Send a signal to a process that has not been waited for yet, so that it cannot hit a stranger."""

    number: int
    signal: int
    to_group: bool = True


class Loaded(msgspec.Struct, frozen=True, kw_only=True, tag="loaded"):
    """The DAG file is imported. With ``threads`` the host ends, because forking it would not be safe."""

    private_bytes: int
    threads: tuple[str, ...] = ()


class LoadFailed(msgspec.Struct, frozen=True, kw_only=True, tag="load_failed"):
    """The DAG file raised while it was imported; the host ends."""

    reason: str
    traceback: str


class ForkFailed(msgspec.Struct, frozen=True, kw_only=True, tag="fork_failed"):
    """The system refused another process."""

    number: int
    reason: str


class Exited(msgspec.Struct, frozen=True, kw_only=True, tag="exited"):
    """An attempt's process has gone; ``status`` as from ``waitpid``."""

    number: int
    status: int
    peak_memory_bytes: int
    cpu_seconds: float


ToHost: TypeAlias = Fork | Signal
FromHost: TypeAlias = Loaded | LoadFailed | ForkFailed | Exited


# --- supervisor <-> attempt: frames on a stream -------------------------------------------------------------


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """The process leads its own group and waits for a workload."""

    pid: int


class Mask(msgspec.Struct, frozen=True, kw_only=True, tag="mask"):
    """Values that must not be shown in what the attempt's processes print from now on."""

    values: tuple[str, ...]


FromAttempt: TypeAlias = Ready | Mask | Finished | Request
ToAttempt: TypeAlias = RunTask | RunCallback | Answer

"""What the supervisor knows of one attempt, from the scheduler's order to its report."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

import msgspec

from etesian.protocol.workloads import Workload
from etesian.worker.event_loop import Timer
from etesian.worker.masking import ValueMask


class Phase(Enum):
    """How far an attempt has come. It is forgotten when its report is in the journal."""

    UNCLAIMED = auto()  #: the scheduler has not answered the claim
    WAITING = auto()  #: granted; waits for a process
    RUNNING = auto()  #: user code may have started


class AttemptHost(Protocol):
    """Where an attempt gets its process from."""

    def run(self, attempt: Attempt) -> None:
        """Start a granted attempt, now or as soon as a process is ready."""
        ...

    def forget(self, attempt: Attempt) -> None:
        """Do not start this attempt; or let go of its process, which has reported."""
        ...

    def tell(self, attempt: Attempt, message: msgspec.Struct) -> None:
        """Send a message to the attempt's process."""
        ...

    def signal(self, attempt: Attempt, signal_number: int, *, to_group: bool) -> None:
        """Send a signal to the attempt's process, or to all of its group."""
        ...


@dataclass(slots=True, eq=False, kw_only=True)
class Attempt:
    """One attempt."""

    workload: Workload
    host: AttemptHost
    phase: Phase = Phase.UNCLAIMED
    mask: ValueMask = field(default_factory=ValueMask)
    timer: Timer | None = None  #: the next step of ending it: time-out, SIGTERM, SIGKILL
    stop_cause: str | None = None  #: set when it is being ended: ``stopped``, ``lost``, ``timeout``
    stop_reason: str = ""
    ignored_sigterm: bool = False  #: the grace time was over, so SIGKILL was sent
    rendered_fields: bytes | None = None  #: kept here, to be reported even if the task is killed

    @property
    def attempt_id(self) -> str:
        """Its id."""
        return self.workload.attempt_id

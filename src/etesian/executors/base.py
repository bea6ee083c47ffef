"""What the scheduler asks of an executor, and nothing more.

An executor carries messages of ``etesian.protocol`` between the scheduler and workers, wherever those are. It
decides nothing: it never retries an attempt, never gives one up and never invents a report about a task's
outcome. What it may know that no worker can say (a pod that is gone, a broker that refused) it reports as a
worker would, with a ``Finished`` of cause ``lost`` or ``not_started``, or by leaving the attempt out of the
next ``Running``.

For the authors of an executor:

- The scheduler is single-threaded. **No method may block**: not on a connection, not on a full socket, not on
  a slow API. Keep unsent messages in memory and send them when the other side can take them. Executors that
  need a blocking client library run it in a thread of their own and hand messages over through a queue, with
  a socket pair as its bell.
- Delivery is *at least once, in order, while connected*. An attempt that is handed over twice starts once,
  because a worker claims it first; a report that arrives twice is applied once. So when in doubt, send again.
- What the scheduler needs after a lost connection is one ``Running`` message, followed by all ``Finished``
  reports that were not acknowledged. With it the scheduler finds out which attempts were lost.
- ``RunTask`` and ``RunCallback`` carry no secrets and may be stored by a broker.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from etesian.protocol.channels import FromWorker, Reply
from etesian.protocol.reports import Acknowledged, ClaimAnswer
from etesian.protocol.workloads import Workload

#: What the scheduler says to workers besides handing over and stopping attempts.
ToAttempts: TypeAlias = ClaimAnswer | Acknowledged | Reply


class Executor(Protocol):
    """Carries attempts to workers and their reports back. Used by one thread; no method blocks."""

    def start(self) -> None:
        """Begin to connect. Called once, after the scheduler became the leader and before anything else."""
        ...

    def submit(self, workloads: Sequence[Workload]) -> None:
        """Hand attempts over. Their state is stored already; while unconnected, keep them for later."""
        ...

    def stop(self, attempt_ids: Sequence[str], reason: str) -> None:
        """Ask for attempts to be ended; each one that a worker holds is answered by its ``Finished``."""
        ...

    def send(self, messages: Sequence[ToAttempts]) -> None:
        """Send answers. Those that no connected worker waits for are dropped: the worker will ask again.

        ``Acknowledged`` goes to every executor; one that does not know the attempts ignores it.

        Raises:
            FrameError: an answer is too large to be sent. None of these messages was.
        """
        ...

    def receive(self) -> list[FromWorker]:
        """Return what has arrived, without waiting; the moment to reconnect and to send what was kept."""
        ...

    def filenos(self) -> Sequence[int]:
        """Return the file descriptors that are readable when ``receive`` has something to do.

        They may change after each call of any other method.
        """
        ...

    @property
    def is_connected(self) -> bool:
        """Whether attempts that are submitted now can be claimed soon."""
        ...

    def close(self) -> None:
        """Disconnect. Running attempts keep running; they report to the next scheduler."""
        ...

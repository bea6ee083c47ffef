"""One scheduler process: wait for leadership, then lead until told to stop or until another takes over."""

from __future__ import annotations

import selectors
from datetime import timedelta
from typing import Final

from etesian.scheduler.shell.housekeeping import housekeeping
from etesian.scheduler.shell.leader import Leader
from etesian.scheduler.shell.leadership import Leadership
from etesian.scheduler.shell.parts import Parts
from etesian.store.errors import StaleMemoryError

#: How long a standby waits before it looks at the lease again.
STANDBY_INTERVAL: Final = timedelta(seconds=1)


def run_scheduler(parts: Parts) -> None:
    """Lead until stopped; as long as another scheduler leads, stand by.

    Raises:
        StaleMemoryError: the store is not as the core remembers it. The lease is free again: start anew, with
            new parts, and the next term loads what the store knows.
        LeadershipLostError: another scheduler took over. Memory is of no worth then; start anew as a standby.
        StoreUnavailableError: the store could not be read, or not in time. Start anew when it is there again.
    """
    leadership = Leadership(parts.settings, parts.store)
    if not _wait_for_leadership(parts, leadership):
        return
    bell = parts.bus.listen(["inbox"])
    try:
        with housekeeping(parts.store, parts.clock, parts.settings.retention):
            Leader(parts, leadership, bell).lead()
    except StaleMemoryError:
        leadership.release()
        raise
    finally:
        bell.close()
        for executor in parts.executors.values():
            executor.close()
    leadership.release()


def _wait_for_leadership(parts: Parts, leadership: Leadership) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(parts.stop, selectors.EVENT_READ)
        while not parts.stop.is_set():
            if leadership.try_acquire(parts.clock.now()):
                return True
            selector.select(STANDBY_INTERVAL.total_seconds())
    return False

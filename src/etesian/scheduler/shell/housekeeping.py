"""Keeping history as short as the settings want it: old runs and logs go, a few at a time, once an hour."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Final

from etesian.foundation.clock import Clock
from etesian.store import Store
from etesian.store.errors import StoreError
from etesian.store.queries.retention import clean_in_steps
from etesian.telemetry.log_retention import delete_old_logs

logger = logging.getLogger(__name__)

#: Between two deletions: others, who wait to write to the database, come first.
PAUSE: Final = timedelta(milliseconds=50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long history is kept; None: for ever."""

    run_age: timedelta | None = None
    log_age: timedelta | None = None
    logs_dir: Path | None = None  #: None: logs are not this process's to delete
    first_after: timedelta = timedelta(minutes=1)  #: so that a start is not slowed down
    interval: timedelta = timedelta(hours=1)


@contextmanager
def housekeeping(store: Store, clock: Clock, retention: Retention) -> Iterator[None]:
    """Delete old history in a thread for as long as the block runs.

    It is a thread of its own because a large run takes a while to delete, and the scheduler's loop must not
    wait for that.
    """
    stop = Event()
    keeper = Thread(
        target=_keep_house, args=(store, clock, retention, stop), name="housekeeping", daemon=True
    )
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()


def _keep_house(store: Store, clock: Clock, retention: Retention, stop: Event) -> None:
    delay = retention.first_after
    while not stop.wait(delay.total_seconds()):
        try:
            for _ in sweep(store, clock, retention):
                if stop.wait(PAUSE.total_seconds()):
                    return
        except StoreError as error:
            logger.warning("old history could not be deleted, it stays until the next time: %s", error)
        delay = retention.interval


def sweep(store: Store, clock: Clock, retention: Retention) -> Iterator[int]:
    """Delete what is too old, in small steps; yield after each how many rows or logs it deleted.

    Raises:
        StoreError: the database cannot be written.
    """
    now = clock.now()
    if retention.run_age is not None:
        yield from _logged(clean_in_steps(store, now - retention.run_age), "old rows of the database")
    if retention.log_age is not None and retention.logs_dir is not None:
        yield from _logged(delete_old_logs(retention.logs_dir, now - retention.log_age), "old logs")


def _logged(steps: Iterator[int], what: str) -> Iterator[int]:
    total = 0
    for deleted in steps:
        total += deleted
        if deleted:
            yield deleted
    if total:
        logger.info("deleted %d %s", total, what)

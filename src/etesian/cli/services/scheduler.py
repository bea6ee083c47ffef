"""The scheduler service."""

from __future__ import annotations

import logging
import selectors
from typing import Final

from etesian.cli.services import wiring
from etesian.config.settings import Settings
from etesian.foundation.clock import SystemClock
from etesian.foundation.stop import StopSignal
from etesian.scheduler.shell.parts import Parts
from etesian.scheduler.shell.scheduler import run_scheduler
from etesian.store import Store
from etesian.store.bus import open_bus
from etesian.store.errors import LeadershipLostError, StaleMemoryError, StoreFullError, StoreUnavailableError

logger = logging.getLogger(__name__)

#: Between two terms of one process: should what ended a term last, the log stays readable.
RESTART_DELAY_SECONDS: Final = 0.1
#: Before the database is tried again when it could not be reached, as while it is restarted.
OUTAGE_DELAY_SECONDS: Final = 1.0


def run(settings: Settings, store: Store | None = None) -> None:
    """Schedule until SIGTERM or SIGINT; stand by while another scheduler leads. ``store``: one that is open already."""
    wiring.start_logging(settings, "scheduler")
    stop = StopSignal()
    stop.set_on_signals()
    store = store or wiring.open_platform_store(settings)
    try:
        while not stop.is_set():
            _run_term(settings, store, stop)
    finally:
        store.dispose()


def _run_term(settings: Settings, store: Store, stop: StopSignal) -> None:
    """Lead once, with parts that know nothing of an earlier term."""
    bus = open_bus(store)
    parts = Parts(
        settings=wiring.shell_settings(settings),
        store=store,
        bus=bus,
        executors=wiring.make_executors(settings),
        clock=SystemClock(),
        stop=stop,
    )
    try:
        run_scheduler(parts)
    except StaleMemoryError as error:
        logger.warning("%s; all is loaded anew", error)
        _wait(stop)
    except LeadershipLostError as error:
        logger.warning("%s; standing by", error)
        _wait(stop)
    except (StoreUnavailableError, StoreFullError) as error:
        logger.warning("%s; until then nothing is scheduled", error)
        _wait(stop, OUTAGE_DELAY_SECONDS)
    finally:
        bus.close()


def _wait(stop: StopSignal, seconds: float = RESTART_DELAY_SECONDS) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(stop, selectors.EVENT_READ)
        selector.select(seconds)

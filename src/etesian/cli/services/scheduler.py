"""The scheduler service."""

from __future__ import annotations

import logging

from etesian.cli.services import wiring
from etesian.config.settings import Settings
from etesian.foundation.clock import SystemClock
from etesian.foundation.stop import StopSignal
from etesian.scheduler.shell.parts import Parts
from etesian.scheduler.shell.scheduler import run_scheduler
from etesian.store.bus import open_bus
from etesian.store.errors import LeadershipLostError

logger = logging.getLogger(__name__)


def run(settings: Settings) -> None:
    """Schedule until SIGTERM or SIGINT; stand by while another scheduler leads."""
    wiring.start_logging(settings, "scheduler")
    stop = StopSignal()
    stop.set_on_signals()
    store = wiring.open_platform_store(settings)
    try:
        while not stop.is_set():
            parts = Parts(
                settings=wiring.shell_settings(settings),
                store=store,
                bus=open_bus(store),
                executors=wiring.make_executors(settings),
                clock=SystemClock(),
                stop=stop,
            )
            try:
                run_scheduler(parts)
            except LeadershipLostError as error:
                logger.warning("%s; standing by", error)
    finally:
        store.dispose()

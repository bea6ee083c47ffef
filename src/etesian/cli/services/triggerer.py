"""The triggerer service."""

from __future__ import annotations

import sys

from etesian.cli.services import wiring
from etesian.cli.services.trigger_source import StorePlatform, StoreTriggerSource
from etesian.compat import install
from etesian.config.settings import Settings
from etesian.foundation.clock import SystemClock
from etesian.foundation.stop import StopSignal
from etesian.sdk.runtime import set_platform
from etesian.store.bus import open_bus
from etesian.triggerer.service import run_triggerer
from etesian.triggerer.triggerer import TriggererSettings


def run(settings: Settings) -> None:
    """Await triggers until SIGTERM or SIGINT."""
    wiring.start_logging(settings, "triggerer")
    stop = StopSignal()
    stop.set_on_signals()
    # Triggers of provider packages, and authors' own that lie beside their DAG files, are imported by name.
    install()
    sys.path.append(str(settings.core.dags_folder))
    store, clock = wiring.open_platform_store(settings), SystemClock()
    bus = open_bus(store)
    capacity = settings.triggerer.capacity
    source = StoreTriggerSource(store, bus, clock, capacity)
    set_platform(StorePlatform(store, bus, clock))
    try:
        run_triggerer(source, TriggererSettings(capacity=capacity), stop)
    finally:
        source.close()
        bus.close()
        store.dispose()

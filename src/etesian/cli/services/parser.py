"""The parser service."""

from __future__ import annotations

from etesian.cli.services import wiring
from etesian.cli.services.parser_choice import parser_settings
from etesian.cli.services.store_platform import StorePlatform
from etesian.config.settings import Settings
from etesian.foundation.clock import SystemClock
from etesian.foundation.stop import StopSignal
from etesian.parser.loop import run_parser
from etesian.sdk.runtime import set_platform
from etesian.store import Store
from etesian.store.bus import open_bus


def run(settings: Settings, store: Store | None = None) -> None:
    """Watch and parse DAG files until SIGTERM or SIGINT. ``store``: one that is open already."""
    wiring.start_logging(settings, "parser")
    stop = StopSignal()
    stop.set_on_signals()
    store = store or wiring.open_platform_store(settings)
    bus, clock = open_bus(store), SystemClock()
    set_platform(StorePlatform(store, bus, clock))  # for the connections of bundles
    try:
        run_parser(parser_settings(settings), store, bus, stop, clock)
    finally:
        bus.close()
        store.dispose()

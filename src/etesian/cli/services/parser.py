"""The parser service."""

from __future__ import annotations

from etesian.cli.services import wiring
from etesian.cli.services.folders import examples_folder
from etesian.config.settings import Settings
from etesian.foundation.stop import StopSignal
from etesian.parser.loop import run_parser
from etesian.parser.settings import DEFAULT_PRELOAD, Bundle, ParserSettings
from etesian.store import Store
from etesian.store.bus import open_bus


def parser_settings(settings: Settings) -> ParserSettings:
    """Return what the parser is told."""
    bundles = [Bundle("dags", settings.core.dags_folder)]
    if settings.core.load_examples:
        bundles.append(Bundle("examples", examples_folder()))
    parser = settings.parser
    limit = parser.memory_limit_mb
    return ParserSettings(
        bundles=tuple(bundles),
        processes=parser.processes,
        file_timeout_seconds=parser.file_timeout_seconds,
        memory_limit_bytes=None if limit is None else limit * 1024 * 1024,
        reparse_interval_seconds=parser.reparse_interval_seconds,
        paused_at_creation=settings.core.dags_are_paused_at_creation,
        ignore_syntax=parser.ignore_syntax,
        preload=(*DEFAULT_PRELOAD, *settings.core.preload),
    )


def run(settings: Settings, store: Store | None = None) -> None:
    """Watch and parse DAG files until SIGTERM or SIGINT. ``store``: one that is open already."""
    wiring.start_logging(settings, "parser")
    stop = StopSignal()
    stop.set_on_signals()
    store = store or wiring.open_platform_store(settings)
    bus = open_bus(store)
    try:
        run_parser(parser_settings(settings), store, bus, stop)
    finally:
        bus.close()
        store.dispose()

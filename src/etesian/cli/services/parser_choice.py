"""From settings to what a parser is told: the service, and the commands that read DAG files themselves."""

from __future__ import annotations

from etesian.cli.services.bundle_sources import make_source
from etesian.cli.services.folders import bundle_folder, examples_folder
from etesian.config.settings import Settings
from etesian.parser.settings import DEFAULT_PRELOAD, Bundle, ParserSettings


def parser_settings(settings: Settings) -> ParserSettings:
    """Return what the parser is told."""
    bundles = [Bundle("dags", settings.core.dags_folder)]
    if settings.core.load_examples:
        bundles.append(Bundle("examples", examples_folder()))
    bundles += (
        Bundle(option.name, bundle_folder(settings, option), make_source(settings, option))
        for option in settings.core.bundles
        if option.folder != settings.core.dags_folder  # Airflow's own list may name it once more
    )
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

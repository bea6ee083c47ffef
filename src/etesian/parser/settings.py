"""What a parser can be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from etesian.bundles.source import BundleSource
from etesian.sdk.dags.ignore_files import IgnoreSyntax

#: Imported by the nursery when present, besides the SDK and the common operators; a named function is called.
DEFAULT_PRELOAD: Final = ("etesian.compat:install", "etesian.compat.plugins.finishing:warm_up")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A folder that DAG files come from, under a name that stays when the folder moves."""

    name: str
    folder: Path
    source: BundleSource | None = None  #: what fetches the files; None: people put them there


@dataclass(frozen=True, slots=True, kw_only=True)
class ParserSettings:
    """Settings of one parser. Times are in seconds."""

    bundles: tuple[Bundle, ...]
    processes: int = 2  #: files that are parsed at the same time
    file_timeout_seconds: float = 50.0
    memory_limit_bytes: int | None = 2 * 1024**3  #: of one file's process; None: no limit
    reparse_interval_seconds: float = 600.0  #: how old a result may grow: the file may read the outside world
    shortest_renewal_seconds: float = 10.0  #: how often the points of a custom timetable are computed at most
    rescan_interval_seconds: float = 30.0  #: how often to look where notifications do not reach
    debounce_seconds: float = 0.1  #: how long changes are collected before they are looked at
    request_timeout_seconds: float = 30.0  #: how long module-level code waits for a variable or connection
    paused_at_creation: bool = True  #: whether a DAG that does not say it itself starts paused
    safe_mode: bool = True  #: skip files that mention neither ``dag`` nor us or Airflow
    ignore_syntax: IgnoreSyntax = "glob"  #: of ``.airflowignore``; ``.etesianignore`` is always glob
    preload: tuple[str, ...] = DEFAULT_PRELOAD

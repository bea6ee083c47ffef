"""Settings of an Airflow installation, taken where ours say nothing: its environment variables and ``airflow.cfg``."""

from __future__ import annotations

import configparser
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from etesian.config.airflow_bundles import read_bundle_list
from etesian.config.given import Given

#: Airflow's options that ours stand for, by section and key.
COUNTERPARTS: Final[dict[tuple[str, str], tuple[str, str]]] = {
    ("core", "dags_folder"): ("core", "dags_folder"),
    ("core", "executor"): ("core", "executor"),
    ("core", "parallelism"): ("core", "parallelism"),
    ("core", "xcom_backend"): ("core", "xcom_backend"),
    ("core", "load_examples"): ("core", "load_examples"),
    ("core", "default_timezone"): ("core", "default_timezone"),
    ("core", "max_active_tasks_per_dag"): ("core", "max_active_tasks_per_dag"),
    ("core", "dag_concurrency"): ("core", "max_active_tasks_per_dag"),
    ("core", "max_active_runs_per_dag"): ("core", "max_active_runs_per_dag"),
    ("core", "max_map_length"): ("core", "max_map_length"),
    ("core", "default_task_retries"): ("core", "default_task_retries"),
    ("core", "dags_are_paused_at_creation"): ("core", "dags_are_paused_at_creation"),
    ("core", "base_log_folder"): ("logging", "folder"),
    ("logging", "base_log_folder"): ("logging", "folder"),
    ("logging", "logging_level"): ("logging", "level"),
    ("smtp", "smtp_host"): ("smtp", "host"),
    ("smtp", "smtp_port"): ("smtp", "port"),
    ("smtp", "smtp_user"): ("smtp", "user"),
    ("smtp", "smtp_mail_from"): ("smtp", "mail_from"),
    ("smtp", "smtp_starttls"): ("smtp", "starttls"),
    ("smtp", "smtp_ssl"): ("smtp", "ssl"),
}
_BUNDLES: Final = ("core", "bundles")
#: Options that are taken, but say it in other words than ours.
_TRANSLATED: Final = {("dag_processor", "dag_bundle_config_list"): _BUNDLES}
#: Not taken: Airflow's executors have other names, and its logs stay its own.
_LEFT: Final = frozenset({("core", "executor"), ("logging", "folder")})


def read_airflow_settings(environ: Mapping[str, str]) -> Iterator[Given]:
    """Yield what an Airflow installation says about settings that we have too; what counts more comes first."""
    file = _find_file(environ)
    written = {} if file is None else _read_file(str(file), file.stat().st_mtime_ns)
    for (section, key), own in (COUNTERPARTS | _TRANSLATED).items():
        if own in _LEFT:
            continue
        name = f"AIRFLOW__{section.upper()}__{key.upper()}"
        if name in environ:
            yield Given(*own, _translate(own, environ[name]), f"environment variable {name}")
        elif (section, key) in written:
            yield Given(*own, _translate(own, written[section, key]), str(file))
    home = environ.get("AIRFLOW_HOME")
    if home and (Path(home) / "dags").is_dir():
        yield Given("core", "dags_folder", str(Path(home) / "dags"), "environment variable AIRFLOW_HOME")


def _translate(own: tuple[str, str], value: str) -> object:
    return read_bundle_list(value) if own == _BUNDLES else value


def is_from_airflow(source: str) -> bool:
    """Return whether a setting with this source was taken from an Airflow installation.

    >>> is_from_airflow("environment variable AIRFLOW__CORE__PARALLELISM")
    True
    """
    return source.startswith("environment variable AIRFLOW") or Path(source).suffix == ".cfg"


def _find_file(environ: Mapping[str, str]) -> Path | None:
    home = environ.get("AIRFLOW_HOME")
    named = environ.get("AIRFLOW_CONFIG") or (str(Path(home) / "airflow.cfg") if home else None)
    return Path(named) if named is not None and Path(named).is_file() else None


@lru_cache(maxsize=1)
def _read_file(path: str, changed_at: int) -> dict[tuple[str, str], str]:
    """Return the options of a file as it was at that moment; none of one that cannot be read."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return {}
    return {(section, key): value for section in parser.sections() for key, value in parser.items(section)}

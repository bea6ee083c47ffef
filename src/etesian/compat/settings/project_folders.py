"""Where a project that was written for Airflow keeps its plugins and settings modules."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from etesian.config.load import load_settings


def find_plugins_folder() -> Path:
    """Return ``plugins`` in Airflow's home, else beside the folder of DAG files, else in our own home."""
    return _find("plugins")


def find_config_folder() -> Path:
    """Return ``config``, where ``airflow_local_settings.py`` may be, by the same rule."""
    return _find("config")


def make_importable() -> None:
    """Let the modules of both folders be imported by name, as Airflow does. May be repeated."""
    for folder in (find_config_folder(), find_plugins_folder()):
        if folder.is_dir() and str(folder) not in sys.path:
            sys.path.append(str(folder))


def _find(name: str) -> Path:
    if "AIRFLOW_HOME" in os.environ:
        return Path(os.environ["AIRFLOW_HOME"]) / name
    settings = load_settings(os.environ)
    beside = settings.core.dags_folder.parent / name
    return beside if beside.is_dir() else settings.home / name

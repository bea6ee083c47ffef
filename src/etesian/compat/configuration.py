"""``conf``: Airflow's options, answered from its own environment variables and file, and from our settings."""

from __future__ import annotations

import configparser
import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from etesian.compat.module_loading import import_string
from etesian.compat.option_defaults import DEFAULTS
from etesian.config.load import load_settings
from etesian.sdk.exceptions import AirflowConfigException

_MISSING: Final = object()

#: Airflow's option to where our settings have it.
_MAPPED: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("core", "dags_folder"): ("core", "dags_folder"),
    ("core", "executor"): ("core", "executor"),
    ("core", "parallelism"): ("core", "parallelism"),
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


class AirflowConfigParser:
    """Options by section and key, as texts; looked up anew each time, so that a changed environment counts."""

    def get(self, section: str, key: str, fallback: Any = _MISSING, **_: object) -> Any:
        """Return an option: environment, ``airflow.cfg``, our own setting, Airflow's default, then ``fallback``.

        Raises:
            AirflowConfigException: none of them has it.
        """
        found = self._find(section.lower(), key.lower())
        if found is not None:
            return found
        if fallback is not _MISSING:
            return fallback
        raise AirflowConfigException(f"section/key [{section}/{key}] not found in config")

    def getboolean(self, section: str, key: str, **kwargs: Any) -> bool:
        """Return an option as a flag.

        Raises:
            AirflowConfigException: it is missing or says neither yes nor no.
        """
        value = self.get(section, key, **kwargs)
        text = str(value).lower().partition("#")[0].strip()
        if text in ("t", "true", "1"):
            return True
        if text in ("f", "false", "0", "none"):
            return False
        raise AirflowConfigException(f"[{section}/{key}] must be a boolean, got {value!r}")

    def getint(self, section: str, key: str, **kwargs: Any) -> Any:
        """Return an option as a whole number; a fallback of None stays None."""
        return self._convert(int, section, key, kwargs)

    def getfloat(self, section: str, key: str, **kwargs: Any) -> Any:
        """Return an option as a number; a fallback of None stays None."""
        return self._convert(float, section, key, kwargs)

    def getlist(self, section: str, key: str, delimiter: str = ",", **kwargs: Any) -> list[str]:
        """Return the parts of an option."""
        value = self.get(section, key, **kwargs)
        return (
            value
            if isinstance(value, list)
            else [part.strip() for part in str(value or "").split(delimiter) if part.strip()]
        )

    def getjson(self, section: str, key: str, fallback: Any = None, **_: object) -> Any:
        """Return an option that is written as JSON."""
        value = self.get(section, key, fallback=None)
        return fallback if value in (None, "") else json.loads(value)

    def getimport(self, section: str, key: str, **kwargs: Any) -> Any:
        """Return what an option names by its dotted path; None for an empty one."""
        path = self.get(section, key, **kwargs)
        return import_string(path) if path else None

    def get_mandatory_value(self, section: str, key: str, **kwargs: Any) -> str:
        """Return an option that must not be None."""
        value = self.get(section, key, **kwargs)
        if value is None:
            raise AirflowConfigException(f"[{section}/{key}] must be set")
        return str(value)

    def has_option(self, section: str, option: str, **_: object) -> bool:
        """Whether an option has a value."""
        return self._find(section.lower(), option.lower()) is not None

    def has_section(self, section: str) -> bool:
        """Whether a section has options."""
        return bool(self.getsection(section))

    def getsection(self, section: str) -> dict[str, Any] | None:
        """Return all options of a section that are known; None when there are none."""
        section = section.lower()
        found: dict[str, Any] = {key: value for (name, key), value in DEFAULTS.items() if name == section}
        if _file().has_section(section):
            found |= dict(_file().items(section, raw=True))
        prefix = f"AIRFLOW__{section.upper()}__"
        found |= {
            name[len(prefix) :].lower(): value
            for name, value in os.environ.items()
            if name.startswith(prefix)
        }
        return found or None

    def as_dict(self, **_: object) -> dict[str, dict[str, Any]]:
        """Return all sections that are known."""
        sections = {section for section, _ in DEFAULTS} | set(_file().sections())
        return {section: self.getsection(section) or {} for section in sorted(sections)}

    def set(self, section: str, option: str, value: str) -> None:
        """Set an option for this process."""
        os.environ[f"AIRFLOW__{section.upper()}__{option.upper()}"] = value

    def _find(self, section: str, key: str) -> str | None:
        from_environment = os.environ.get(f"AIRFLOW__{section.upper()}__{key.upper()}")
        if from_environment is not None:
            return from_environment
        if _file().has_option(section, key):
            return _file().get(section, key, raw=True)
        if (section, key) in _MAPPED:
            return _own(*_MAPPED[(section, key)])
        return DEFAULTS.get((section, key))

    def _convert(self, kind: type[int] | type[float], section: str, key: str, kwargs: dict[str, Any]) -> Any:
        value = self.get(section, key, **kwargs)
        if value is None:
            return None
        try:
            return kind(value)
        except ValueError as error:
            raise AirflowConfigException(
                f"[{section}/{key}] must be {kind.__name__}, got {value!r}"
            ) from error


@cache
def _file() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    home = os.environ.get("AIRFLOW_HOME")
    path = os.environ.get("AIRFLOW_CONFIG") or (str(Path(home) / "airflow.cfg") if home else None)
    if path is not None:
        parser.read(path)
    return parser


def _own(section: str, key: str) -> str | None:
    value = getattr(getattr(load_settings(os.environ), section), key)
    return None if value is None else str(value)


conf: Final = AirflowConfigParser()


def get_airflow_home() -> str:
    """Return ``$AIRFLOW_HOME``, and without it our own home."""
    return os.environ.get("AIRFLOW_HOME") or str(load_settings(os.environ).home)


AIRFLOW_HOME: Final = get_airflow_home()

get, getboolean, getint, getfloat = conf.get, conf.getboolean, conf.getint, conf.getfloat
getsection, has_option, as_dict = conf.getsection, conf.has_option, conf.as_dict

"""``conf``: Airflow's options, answered from its own environment variables and file, and from our settings."""

from __future__ import annotations

import configparser
import json
import os
from collections.abc import Set
from functools import cache
from pathlib import Path
from typing import Any, Final

from etesian.compat.module_loading import import_string
from etesian.compat.settings.option_defaults import DEFAULTS
from etesian.compat.settings.project_folders import find_plugins_folder
from etesian.compat.settings.provider_options import find_provider_default
from etesian.compat.settings.sensitive_options import (
    SENSITIVE,
    ask_option_backend,
    load_option_backend,
    run_option_command,
)
from etesian.config.airflow import COUNTERPARTS
from etesian.config.load import load_settings, load_with_sources
from etesian.sdk.exceptions import AirflowConfigException
from etesian.sdk.secrets_backends.base import BaseSecretsBackend
from etesian.sdk.secrets_backends.environment import EnvironmentVariablesBackend

_MISSING: Final = object()


class AirflowConfigParser:
    """Options by section and key, as texts; looked up anew each time, so that a changed environment counts.

    ``default_config`` is the text of a file with defaults, for a parser of one's own: it asks the environment and
    what it has read, and nothing of this installation.
    """

    def __init__(self, default_config: str | None = None) -> None:
        self.sensitive_config_values: Set[tuple[str, str]] = SENSITIVE
        self._read: configparser.ConfigParser | None = None
        self._defaults: configparser.ConfigParser | None = None
        if default_config is not None:
            self._read, self._defaults = _new_parser(), _new_parser()
            self._defaults.read_string(default_config)

    def get(self, section: str, key: str, fallback: Any = _MISSING, **_: object) -> Any:
        """Return an option: environment, ``airflow.cfg``, our own setting, default, then ``fallback``.

        Airflow's default counts before a provider's, and our own for a setting that both have.

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

    def is_section_in_file(self, section: str) -> bool:
        """Return whether ``airflow.cfg`` has a section of that name."""
        return self._file.has_section(section.lower())

    def getsection(self, section: str) -> dict[str, Any] | None:
        """Return all options of a section that are known; None when there are none."""
        section = section.lower()
        found: dict[str, Any] = {key: value for (name, key), value in DEFAULTS.items() if name == section}
        if self._file.has_section(section):
            found |= dict(self._file.items(section, raw=True))
        prefix = f"AIRFLOW__{section.upper()}__"
        found |= {
            name[len(prefix) :].lower(): value
            for name, value in os.environ.items()
            if name.startswith(prefix)
        }
        return found or None

    def as_dict(self, **_: object) -> dict[str, dict[str, Any]]:
        """Return all sections that are known."""
        sections = {section for section, _ in DEFAULTS} | set(self._file.sections())
        return {section: self.getsection(section) or {} for section in sorted(sections)}

    def set(self, section: str, option: str, value: str) -> None:
        """Set an option for this process."""
        os.environ[f"AIRFLOW__{section.upper()}__{option.upper()}"] = value

    def remove_option(self, section: str, option: str, remove_default: bool = True) -> None:
        """Take an option's value away in this process; its default, if it has one, is left."""
        os.environ.pop(f"AIRFLOW__{section.upper()}__{option.upper()}", None)
        if self._file.has_section(section.lower()):
            self._file.remove_option(section.lower(), option.lower())

    def read_string(self, string: str, source: str = "<string>") -> None:
        """Read options from the text of a file."""
        self._file.read_string(string, source)

    @property
    def _file(self) -> configparser.ConfigParser:
        return self._read if self._read is not None else _file()

    def _find(self, section: str, key: str) -> str | None:
        found = self._find_given(section, key)
        if found is None and (section, key) in self.sensitive_config_values:
            found = self._find_elsewhere(section, key)
        return self._find_default(section, key) if found is None else found

    def _find_given(self, section: str, key: str) -> str | None:
        from_environment = os.environ.get(f"AIRFLOW__{section.upper()}__{key.upper()}")
        if from_environment is not None:
            return from_environment
        return self._file.get(section, key, raw=True, fallback=None)

    def _find_elsewhere(self, section: str, key: str) -> str | None:
        command = self._find_given(section, f"{key}_cmd")
        if command is not None:
            return run_option_command(command)
        secret = self._find_given(section, f"{key}_secret")
        if secret is None:
            return None
        return ask_option_backend(
            self.get("secrets", "backend", fallback=""),
            self.get("secrets", "backend_kwargs", fallback=""),
            secret,
        )

    def _find_default(self, section: str, key: str) -> str | None:
        if self._defaults is not None:
            return self._defaults.get(section, key, raw=True, fallback=None)
        if (section, key) == ("core", "plugins_folder"):
            return str(find_plugins_folder())
        own = COUNTERPARTS.get((section, key))
        if own is not None and ((section, key) not in DEFAULTS or _is_set(*own)):
            return _own(*own)
        default = DEFAULTS.get((section, key))
        return find_provider_default(section, key) if default is None else default

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


def _new_parser() -> configparser.ConfigParser:
    return configparser.ConfigParser(interpolation=None, strict=False)


@cache
def _file() -> configparser.ConfigParser:
    parser = _new_parser()
    home = os.environ.get("AIRFLOW_HOME")
    path = os.environ.get("AIRFLOW_CONFIG") or (str(Path(home) / "airflow.cfg") if home else None)
    if path is not None:
        parser.read(path)
    return parser


def _is_set(section: str, key: str) -> bool:
    return f"{section}.{key}" in load_with_sources(os.environ).sources


def _own(section: str, key: str) -> str | None:
    value = getattr(getattr(load_settings(os.environ), section), key)
    if (section, key) == ("logging", "level"):
        return str(value).upper()  # as the module logging wants it, which readers of the option give it to
    return None if value is None else str(value)


conf: Final = AirflowConfigParser()


def get_airflow_home() -> str:
    """Return ``$AIRFLOW_HOME``, and without it our own home."""
    return os.environ.get("AIRFLOW_HOME") or str(load_settings(os.environ).home)


AIRFLOW_HOME: Final = get_airflow_home()


def initialize_secrets_backends() -> list[BaseSecretsBackend]:
    """Return the backend that the options name, if they do, and the environment.

    Raises:
        AirflowConfigException: the backend cannot be made.
    """
    name, arguments = (conf.get("secrets", key, fallback="") for key in ("backend", "backend_kwargs"))
    return [*([load_option_backend(name, arguments)] if name else []), EnvironmentVariablesBackend()]


get, getboolean, getint, getfloat = conf.get, conf.getboolean, conf.getint, conf.getfloat
getsection, has_option, as_dict = conf.getsection, conf.has_option, conf.as_dict

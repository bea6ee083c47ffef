"""Reading the settings: the environment first, then ``$ETESIAN_HOME/etesian.toml``, then an Airflow installation's
own, then defaults.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, cast

import msgspec

from etesian.config.airflow import read_airflow_settings
from etesian.config.errors import SettingsError
from etesian.config.given import Given
from etesian.config.option import OptionInfo
from etesian.config.secret import SecretUrl
from etesian.config.settings import SECTIONS, Settings, options_of

HOME_VARIABLE: Final = "ETESIAN_HOME"
FILE_NAME: Final = "etesian.toml"
_PREFIX: Final = "ETESIAN__"
DEFAULT_SOURCE: Final = "default"


class LoadedSettings(NamedTuple):
    """The settings, and where each option that is not at its default came from."""

    settings: Settings
    sources: Mapping[str, str]  #: by ``section.key``


def load_settings(environ: Mapping[str, str], home: Path | None = None) -> Settings:
    """Return the settings of this process.

    Raises:
        SettingsError: a section, key or value is not one that exists.
    """
    return load_with_sources(environ, home).settings


def load_with_sources(environ: Mapping[str, str], home: Path | None = None) -> LoadedSettings:
    """Return the settings and their sources.

    Raises:
        SettingsError: a section, key or value is not one that exists.
    """
    home = home or find_home(environ)
    values: dict[str, dict[str, object]] = {section: {} for section in SECTIONS}
    sources: dict[str, str] = {}
    known = {section: {option.key: option for option in options_of(section)} for section in SECTIONS}
    for given in (*_from_environ(environ), *_from_file(home / FILE_NAME)):
        option = _find(known, given)
        if option.name not in sources:
            values[option.section][option.key] = _convert(option, given)
            sources[option.name] = given.source
    for given in read_airflow_settings(environ):
        option = known[given.section][given.key]
        if option.name not in sources:
            with suppress(msgspec.ValidationError):  # what only Airflow understands is left to Airflow
                values[option.section][option.key] = option.convert(given.value)
                sources[option.name] = given.source
    for options in known.values():
        for option in options.values():
            if option.in_home and option.key not in values[option.section]:
                values[option.section][option.key] = option.convert(option.in_home.format(home=home))
    try:
        sections = {section: SECTIONS[section](**given_values) for section, given_values in values.items()}
    except ValueError as error:  # options that do not go together
        raise SettingsError(str(error)) from error
    return LoadedSettings(Settings(home=home, **sections), sources)  # type: ignore[arg-type]  # built by name


def find_home(environ: Mapping[str, str]) -> Path:
    """Return ``$ETESIAN_HOME`` as an absolute path, or ``~/etesian``."""
    return Path(environ.get(HOME_VARIABLE) or "~/etesian").expanduser().absolute()


def _from_environ(environ: Mapping[str, str]) -> Iterator[Given]:
    for name, value in environ.items():
        if name.startswith(_PREFIX):
            section, parted, key = name[len(_PREFIX) :].lower().partition("__")
            if not parted:
                raise SettingsError(
                    f"environment variable {name} names no setting; write {_PREFIX}SECTION__KEY, "
                    f"such as {_PREFIX}CORE__PARALLELISM"
                )
            yield Given(section, key, value, f"environment variable {name}")


def _from_file(path: Path) -> Iterator[Given]:
    if not path.exists():
        return
    import tomllib  # late: most homes have no file

    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    for section, table in tables.items():
        if not isinstance(table, dict):
            raise SettingsError(
                f"{path}: {section!r} stands outside a section; write it under one, such as [core]"
            )
        for key, value in cast("dict[str, object]", table).items():
            yield Given(section, key, value, str(path))


def _find(known: Mapping[str, Mapping[str, OptionInfo]], given: Given) -> OptionInfo:
    if given.section not in known:
        raise SettingsError(
            f"{given.source}: there is no section {given.section!r}{_instead(given.section, known)}"
        )
    options = known[given.section]
    if given.key not in options:
        problem = f"section {given.section!r} has no setting {given.key!r}"
        raise SettingsError(f"{given.source}: {problem}{_instead(given.key, options)}")
    return options[given.key]


def _instead(wrong: str, names: Iterable[str]) -> str:
    from difflib import get_close_matches  # late: only for a message

    names = list(names)
    close = get_close_matches(wrong, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are: {', '.join(names)}"


def _convert(option: OptionInfo, given: Given) -> object:
    try:
        value = option.convert(given.value)
    except msgspec.ValidationError as error:
        if option.is_table_list:  # shown whole it would be long, and may hold a password
            raise SettingsError(f"{given.source}: {option.name} cannot be read: {error}") from error
        shown = "***" if option.is_secret and option.type is not SecretUrl else repr(given.value)
        raise SettingsError(
            f"{given.source}: {option.name} cannot be {shown}; expected {option.allowed()}"
        ) from error
    return value

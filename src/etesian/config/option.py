"""How one option is described: its meaning, unit and limits; and how a given value becomes a typed one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args, get_origin

import msgspec

from etesian.config.secret import Secret
from etesian.config.time_zone import TimeZoneName


def describe(
    meaning: str,
    *,
    unit: str | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    in_home: str | None = None,
) -> msgspec.Meta:
    """Return the description that stands beside an option's type in ``settings``.

    ``in_home`` is the default of an option that is derived from the home folder; ``{home}`` stands for it.
    """
    return msgspec.Meta(
        description=meaning, ge=at_least, le=at_most, extra={"unit": unit, "in_home": in_home}
    )


class OptionInfo(NamedTuple):
    """One option, as the settings page and ``etesian config list`` show it."""

    section: str
    key: str
    type: Any  # a type expression, possibly a union
    meta: msgspec.Meta
    default: object  #: ``msgspec.NODEFAULT`` when the default is derived from the home folder

    @property
    def name(self) -> str:
        """The option as people write it: ``section.key``."""
        return f"{self.section}.{self.key}"

    @property
    def meaning(self) -> str:
        """One sentence for people."""
        return self.meta.description or ""

    @property
    def unit(self) -> str | None:
        """The unit of a number."""
        return (self.meta.extra or {}).get("unit")

    @property
    def in_home(self) -> str | None:
        """The default's pattern, for an option that is derived from the home folder."""
        return (self.meta.extra or {}).get("in_home")

    @property
    def env_name(self) -> str:
        """The environment variable that sets it."""
        return f"ETESIAN__{self.section.upper()}__{self.key.upper()}"

    @property
    def is_optional(self) -> bool:
        """Whether it can be switched off, by an empty text."""
        return NoneType in _alternatives(self.type)

    @property
    def is_secret(self) -> bool:
        """Whether it may only be shown masked."""
        return any(isinstance(item, type) and issubclass(item, Secret) for item in _alternatives(self.type))

    @property
    def is_table_list(self) -> bool:
        """Whether it is a list of tables, each with keys of its own."""
        return _is_list(self.type) and _is_table(get_args(self.type)[0])

    def allowed(self) -> str:
        """Say in words what values it takes.

        >>> from etesian.config.settings import find_option
        >>> find_option("api", "port").allowed()
        'a whole number from 0 to 65535'
        """
        words = " or ".join(_words(item) for item in _alternatives(self.type) if item is not NoneType)
        return words + self._limits() + (", or empty for none" if self.is_optional else "")

    def _limits(self) -> str:
        low, high = self.meta.ge, self.meta.le
        if low is not None and high is not None:
            return f" from {low:g} to {high:g}"
        return f" of at least {low:g}" if low is not None else ""

    def convert(self, given: object) -> object:
        """Return a value from a file or the environment as this option's type.

        Raises:
            msgspec.ValidationError: it does not fit.
        """
        if self.is_optional and given == "":
            return None
        if isinstance(given, str) and self.is_table_list:
            given = _read_json(given)
        elif isinstance(given, str) and _is_list(self.type):
            given = [part.strip() for part in given.split(",") if part.strip()]
        # Limits are those of the type beside None: msgspec takes none for a union.
        plain = next(item for item in _alternatives(self.type) if item is not NoneType)
        return msgspec.convert(given, Annotated[plain, self.meta], strict=False, dec_hook=_from_text)


_WORDS: Final[Mapping[object, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    Path: "a path",
    TimeZoneName: "a time zone of the IANA database, such as Europe/Warsaw",
}


def _alternatives(expression: Any) -> tuple[Any, ...]:  # Any: type expressions
    return get_args(expression) if isinstance(expression, UnionType) else (expression,)


def _is_list(expression: Any) -> bool:
    return get_origin(expression) is tuple


def _is_table(expression: Any) -> bool:
    return isinstance(expression, type) and issubclass(expression, msgspec.Struct)


def _read_json(given: str) -> object:
    if not given:
        return []
    try:
        return msgspec.json.decode(given)
    except msgspec.DecodeError as error:
        raise msgspec.ValidationError(f"this is not JSON: {error}") from error


def _words(expression: Any) -> str:
    if get_origin(expression) is Literal:
        return "one of: " + ", ".join(str(item) for item in get_args(expression))
    if _is_list(expression) and _is_table(get_args(expression)[0]):
        return "a list of tables, as a text in JSON"
    if _is_list(expression):
        return "a list of texts, or one text with commas"
    return _WORDS.get(expression, "a text")


def _from_text(wanted: type, given: object) -> object:
    if not isinstance(given, str) or not given:
        raise ValueError("not a text")
    if wanted is Path:
        return Path(given).expanduser().absolute()
    return wanted(given)

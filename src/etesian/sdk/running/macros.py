"""What templates find under ``macros``: date arithmetic, and a few modules of the standard library."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from random import random
from typing import Any, Final

from etesian.foundation.errors import EtesianError

__all__ = [
    "datetime",
    "datetime_diff_for_humans",
    "ds_add",
    "ds_format",
    "ds_format_locale",
    "json",
    "random",
    "time",
    "timedelta",
    "uuid",
]

#: Imported when a template asks for them: together they cost more than all the rest of this module.
LAZY_MODULES: Final = ("dateutil", "pendulum", "yaml")


#: Asked for macros that are not ours, by name.
_sources: Final[list[Callable[[str], object | None]]] = []


def add_macro_source(find: Callable[[str], object | None]) -> None:
    """Let ``find`` be asked for macros that are not ours; None means that it has none of that name."""
    _sources.append(find)


class MissingLibraryError(EtesianError):
    """A macro needs a package that is not installed."""


def __getattr__(name: str) -> Any:  # Any: a module
    if name in LAZY_MODULES:
        return import_module(name)
    for find in _sources:
        found = find(name)
        if found is not None:
            return found
    raise AttributeError(f"there is no macro {name!r}; there are {', '.join((*__all__, *LAZY_MODULES))}")


def ds_add(ds: str, days: int) -> str:
    """Return the date ``days`` after (or, when negative, before) ``ds``.

    >>> ds_add("2030-01-01", 5), ds_add("2030-01-06", -5)
    ('2030-01-06', '2030-01-01')
    """
    return (_parse(ds, "%Y-%m-%d") + timedelta(days=days)).strftime("%Y-%m-%d") if days else str(ds)


def ds_format(ds: str, input_format: str, output_format: str) -> str:
    """Return the date text ``ds`` in another format.

    >>> ds_format("2030-01-05", "%Y-%m-%d", "%d.%m.%y")
    '05.01.30'
    """
    return _parse(ds, input_format).strftime(output_format)


def ds_format_locale(ds: str, input_format: str, output_format: str, locale: Any = None) -> str:
    """Return the date text ``ds`` in one of babel's formats (``MMMM y``) and in the words of a locale.

    Raises:
        MissingLibraryError: the package ``babel`` is not installed.
    """
    try:
        dates = import_module("babel.dates")
    except ModuleNotFoundError as error:
        raise MissingLibraryError(
            "macros.ds_format_locale needs the package babel: pip install babel"
        ) from error
    moment = _parse(ds, input_format)
    return str(dates.format_datetime(moment, format=output_format, locale=locale or dates.LC_TIME or "en_US"))


def datetime_diff_for_humans(dt: datetime, since: datetime | None = None) -> str:
    """Return the distance of two moments in words, for instance ``2 days ago``; ``since`` defaults to now."""
    pendulum = import_module("pendulum")
    return str(pendulum.instance(dt).diff_for_humans(pendulum.instance(since) if since else None))


def _parse(text: str, template: str) -> datetime:
    return datetime.strptime(str(text), template).replace(tzinfo=UTC)

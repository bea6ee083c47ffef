"""A module made from a table: each name is resolved when it is first asked for, so that nothing is loaded in vain."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType

from etesian.compat.tables import has_children, suggest

#: Name to ``module:attribute`` of ours; under the name ``""`` a module of ours that has all other names.
Table = Mapping[str, str]


class TableModule(ModuleType):
    """A module of the ``airflow`` package."""

    def __init__(self, name: str, table: Table) -> None:
        super().__init__(name, doc=f"Airflow's ``{name}``, provided by Etesian.")
        self.__dict__["__table__"] = table
        self.__dict__["__all__"] = [key for key in table if key and not key.startswith("_")]

    def __getattr__(self, name: str) -> object:
        """Resolve a name of the table, or a submodule.

        Raises:
            AttributeError: it is neither; says what to use instead where that is known.
        """
        place = self.__table__.get(name)
        if place is not None:
            value = resolve(place)
            self.__dict__[name] = value
            return value
        whole = self.__table__.get("")
        if whole is not None and hasattr(resolve(whole), name):
            return getattr(resolve(whole), name)
        if not name.startswith("__"):
            try:
                return importlib.import_module(f"{self.__name__}.{name}")
            except ModuleNotFoundError as error:
                if error.name != f"{self.__name__}.{name}":
                    raise
        raise AttributeError(suggest(self.__name__, name))

    def __dir__(self) -> Iterator[str]:
        """Names of the table and those resolved so far."""
        return iter(sorted({*self.__dict__, *self.__table__}))


class TableLoader(Loader):
    """Makes the module of one table."""

    def __init__(self, fullname: str, table: Table) -> None:
        self._fullname = fullname
        self._table = table

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the module."""
        return TableModule(self._fullname, self._table)

    def exec_module(self, module: ModuleType) -> None:
        """Names resolve themselves when asked for; there is nothing to run."""


def resolve(place: str) -> object:
    """Return what ``module:attribute`` names; the module itself without an attribute."""
    module_name, _, attribute = place.partition(":")
    module = importlib.import_module(module_name)
    return getattr(module, attribute) if attribute else module


def is_package(fullname: str) -> bool:
    """Return whether modules of ours or provider files may be below it."""
    return has_children(fullname)

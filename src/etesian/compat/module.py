"""A module made from a table: each name is resolved when it is first asked for, so that nothing is loaded in vain."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from importlib.machinery import ModuleSpec
from opcode import opmap
from pathlib import Path
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Final

from etesian.compat.missing import explain_name
from etesian.compat.tables import find_passed_on, find_table, has_children
from etesian.compat.wiring import connect
from etesian.sdk.tasks.operator_meta import BaseOperatorMeta

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    Loader = (
        object  # the base class has nothing that is used, and takes as long to import as all of this package
    )

#: Where operators come from that may have had another name: providers, and what stands in for older ones.
_PROVIDERS: Final = ("airflow.providers.", "etesian.compat.adapters.")
_IMPORT_FROM: Final = opmap["IMPORT_FROM"]

#: Name to ``module:attribute`` of ours; under the name ``""`` a module of ours that has all other names.
Table = Mapping[str, str]


class TableModule(ModuleType):
    """A module of the ``airflow`` package."""

    __table__: Table

    def __init__(self, name: str, table: Table) -> None:
        super().__init__(name, doc=f"Airflow's ``{name}``, provided by Etesian.")
        self.__dict__["__table__"] = table
        self.__dict__["__all__"] = [key for key in table if key and not key.startswith("_")]

    def __getattr__(self, name: str) -> object:
        """Resolve a name of the table, or a submodule.

        Raises:
            AttributeError: it is neither.
            ImportError: it is neither, and an import statement asks for it; says what to use instead.
        """
        place = self.__table__.get(name)
        if place is not None:
            value = self.__dict__[name] = under_name(resolve(place), name)
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
            if (home := _find_home(self.__table__, name)) is not None:
                return getattr(home, name)
            if (place := find_passed_on(self.__name__, name)) is not None:
                return resolve(place)
        if _is_import_statement(sys._getframe(1)):
            raise ImportError(explain_name(self.__name__, name, list(self.__table__)), name=self.__name__)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

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
    try:
        module = importlib.import_module(module_name)
    except AttributeError as error:  # as such, the import statement would take it for a missing name
        raise ImportError(f"{module_name} cannot be imported: {error}", name=module_name) from error
    return getattr(module, attribute) if attribute else module


def under_name(value: object, name: str) -> object:
    """Return an operator class of a provider under its older name, which its tasks show; all else as it is."""
    if not isinstance(value, BaseOperatorMeta) or not value.__module__.startswith(_PROVIDERS):
        return value
    if value.__name__ != name:
        return type(value)(name, (value,), {"__module__": value.__module__, "__doc__": value.__doc__})
    return value


def find_in_tables(fullname: str) -> ModuleSpec | None:
    """Return the spec of a module in our tables; None for others."""
    table = find_table(fullname)
    if table is None:
        return None
    connect()
    spec = ModuleSpec(fullname, TableLoader(fullname, table), is_package=has_children(fullname))
    if spec.submodule_search_locations is not None:
        folders = _provider_folders(fullname)
        spec.submodule_search_locations.extend(folders)
        if fullname == "airflow":
            _warn_of_real_airflow(folders)
    return spec


def _warn_of_real_airflow(folders: Iterable[str]) -> None:
    """Say so when apache-airflow was installed too: ours hides it, and uninstalling it later may remove providers."""
    real = [folder for folder in folders if (Path(folder) / "__init__.py").is_file()]
    if real:
        warnings.warn(
            f"apache-airflow is installed in {real[0]} and hidden by Etesian's airflow package; uninstall it, or "
            "switch Etesian's off with `etesian compat disable`",
            stacklevel=2,
        )


def _provider_folders(fullname: str) -> list[str]:
    """Return the folders on ``sys.path`` where installed providers keep parts of a package such as ``airflow``."""
    relative = Path(*fullname.split("."))
    return [str(folder) for entry in sys.path if (folder := Path(entry or ".") / relative).is_dir()]


def _find_home(table: Table, name: str) -> ModuleType | None:
    """Return the provider module that took over those of a table and has ``name`` too: constants moved along."""
    if name.startswith("_"):
        return None
    for module_name in dict.fromkeys(place.partition(":")[0] for place in table.values()):
        if not module_name.startswith(_PROVIDERS[0]):
            continue
        try:
            module = importlib.import_module(module_name)
        except ImportError:
            continue
        if hasattr(module, name):
            return module
    return None


def _is_import_statement(frame: FrameType) -> bool:
    """Return whether a frame is executing ``from module import name``, not ``getattr`` or a dot."""
    return frame.f_code.co_code[frame.f_lasti] == _IMPORT_FROM

"""Finding modules below ``airflow.providers``: an installed one with the names it lost, else one of our tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from etesian.compat.module import TableLoader, resolve, under_name
from etesian.compat.names.providers import OURS, REMOVED, STANDARD
from etesian.compat.tables import Tables, read_names


@cache
def moved_names() -> Tables:
    """Return the names that later versions of provider packages moved or renamed."""
    return read_names("moved_providers.json")


def find_provider_module(fullname: str, path: Sequence[str] | None) -> ModuleSpec | None:
    """Return the spec of a module that is ours in part or in whole; None for all others."""
    if fullname in OURS:
        return ModuleSpec(fullname, TableLoader(fullname, OURS[fullname]))
    removed = {**moved_names().get(fullname, {}), **REMOVED.get(fullname, {})}
    table = removed if fullname in REMOVED or removed else STANDARD.get(fullname)
    if table is None:
        return None
    spec = PathFinder.find_spec(fullname, path)
    if spec is None:
        # a table without names is a package
        return ModuleSpec(fullname, TableLoader(fullname, table), is_package=not table)
    if spec.loader is not None and removed:
        spec.loader = _AddingLoader(fullname, spec.loader, table)
    return spec


class _AddingLoader(TableLoader):
    """Runs a module as it is, and gives it the names of a table that it does not have."""

    def __init__(self, fullname: str, loader: Any, table: Mapping[str, str]) -> None:
        super().__init__(fullname, table)
        self._loader = loader  # Any: loaders share names, not a class

    def __getattr__(self, name: str) -> object:
        """Answer as the loader of the file, of which tools ask more than importing needs."""
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the module as its own loader does."""
        made: ModuleType = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        """Run the file, then let the missing names resolve themselves when asked for."""
        self._loader.exec_module(module)
        table = {name: place for name, place in self._table.items() if not hasattr(module, name)}
        if not table:
            return
        before = module.__dict__.get("__getattr__")

        def find(name: str) -> object:
            if name in table:
                value = module.__dict__[name] = under_name(resolve(table[name]), name)
                return value
            if before is not None:
                return before(name)
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

        module.__dict__["__getattr__"] = find

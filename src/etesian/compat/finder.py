"""The import hook: finds ``airflow`` modules in our tables, and leaves provider files to Python's own machinery."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from etesian.compat.module import TableLoader, is_package
from etesian.compat.tables import find_table

ROOT = "airflow"


class AirflowFinder(MetaPathFinder):
    """Finds the modules of our tables. What is in no table, Python looks for in the folders of ``airflow.__path__``."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module in our tables; None for others."""
        if fullname != ROOT and not fullname.startswith(ROOT + "."):
            return None
        table = find_table(fullname)
        if table is None:
            return None
        spec = ModuleSpec(fullname, TableLoader(fullname, table), is_package=is_package(fullname))
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.extend(_provider_folders(fullname))
        return spec


def _provider_folders(fullname: str) -> list[str]:
    """Return the folders on ``sys.path`` where installed providers keep parts of a package such as ``airflow``."""
    relative = Path(*fullname.split("."))
    return [str(folder) for entry in sys.path if (folder := Path(entry or ".") / relative).is_dir()]


def is_installed() -> bool:
    """Return whether ``import airflow`` gives ours."""
    return any(isinstance(finder, AirflowFinder) for finder in sys.meta_path)


def install() -> None:
    """Make ``import airflow`` give ours in this process, also where the real one is installed. May be repeated."""
    if not is_installed():
        sys.meta_path.insert(0, AirflowFinder())
        importlib.invalidate_caches()


def uninstall() -> None:
    """Undo ``install`` and forget the modules that it gave."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, AirflowFinder)]
    for name in [name for name in sys.modules if name == ROOT or name.startswith(ROOT + ".")]:
        del sys.modules[name]

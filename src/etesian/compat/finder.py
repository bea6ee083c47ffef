"""The import hook: finds ``airflow`` modules in our tables, and leaves provider files to Python's own machinery.

This module is imported at the start of every process of an environment where the hook is enabled. It imports nothing
but ``sys`` until the first ``airflow`` module is asked for.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

ROOT = "airflow"
_PROVIDERS = "airflow.providers"


def _is_ours(fullname: str) -> bool:
    return fullname == ROOT or fullname.startswith(ROOT + ".")


def _find_elsewhere(fullname: str, path: Sequence[str] | None) -> ModuleSpec | None:
    """Return the spec of a module of a provider that is ours in part, or of what a plugin adds; None for others."""
    # late: a file that uses neither should not wait for them
    if fullname.startswith(_PROVIDERS):
        from etesian.compat.provider_modules import find_provider_module

        return find_provider_module(fullname, path)
    from etesian.compat.plugins.plugin_modules import find_plugin_module

    return find_plugin_module(fullname)


class AirflowFinder:
    """Finds the modules of our tables. What is in no table, Python looks for in the folders of ``airflow.__path__``."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module in our tables; None for others."""
        if not _is_ours(fullname):
            return None
        from etesian.compat.module import find_in_tables  # late: a process may never import airflow

        return find_in_tables(fullname) or _find_elsewhere(fullname, path)


class MissingFinder:
    """Asked last: explains why an ``airflow`` module is not there, and what to do."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """Return None, for code that only asks whether a module exists.

        Raises:
            ModuleNotFoundError: the module is being imported.
        """
        is_import = sys._getframe(2).f_code.co_name == "_find_and_load_unlocked"
        if not is_import or not _is_ours(fullname):
            return
        from etesian.compat.missing import explain_module  # late: only needed to explain

        raise ModuleNotFoundError(explain_module(fullname), name=fullname)


def is_installed() -> bool:
    """Return whether ``import airflow`` gives ours."""
    return any(isinstance(finder, AirflowFinder) for finder in sys.meta_path)


def install() -> None:
    """Make ``import airflow`` give ours in this process, also where the real one is installed. May be repeated."""
    if not is_installed():
        sys.meta_path.insert(0, AirflowFinder())
        sys.meta_path.append(MissingFinder())


def uninstall() -> None:
    """Undo ``install`` and forget the modules that it gave."""
    sys.meta_path[:] = [
        finder for finder in sys.meta_path if not isinstance(finder, AirflowFinder | MissingFinder)
    ]
    for name in [name for name in sys.modules if _is_ours(name)]:
        del sys.modules[name]

"""``airflow.operators.<plugin>`` and its sisters: modules that hold what a plugin of that name adds."""

from __future__ import annotations

from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from etesian.compat.plugins.plugins_manager import find_plugin

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    Loader = object  # nothing of the base class is used

_PARTS: Final = ("operators", "sensors", "hooks", "executors", "macros")


def find_plugin_module(fullname: str) -> ModuleSpec | None:
    """Return the spec of ``airflow.<part>.<plugin>``; None when no plugin has that name and such a part."""
    root, _, rest = fullname.partition(".")
    part, _, name = rest.partition(".")
    if root != "airflow" or part not in _PARTS or not name or "." in name:
        return None
    contents = _contents(part, name)
    return ModuleSpec(fullname, _PluginLoader(contents)) if contents else None


def find_plugin_macros(name: str) -> ModuleType | None:
    """Return what templates find under ``macros.<plugin>``; None when no plugin of that name has macros."""
    contents = _contents("macros", name)
    if not contents:
        return None
    module = ModuleType(f"airflow.macros.{name}")
    module.__dict__.update(contents)
    return module


def _contents(part: str, name: str) -> dict[str, Any]:
    plugin = find_plugin(name)
    return {} if plugin is None else {value.__name__: value for value in getattr(plugin, part)}


class _PluginLoader(Loader):
    """Makes a module of things that exist already."""

    def __init__(self, contents: dict[str, Any]) -> None:
        self._contents = contents

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the module."""
        return ModuleType(spec.name, doc="What a plugin adds.")

    def exec_module(self, module: ModuleType) -> None:
        """Put them in."""
        module.__dict__.update(self._contents)

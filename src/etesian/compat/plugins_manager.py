"""Finding plugins: classes in the files of the plugins folder, and those that distributions name."""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Final

from etesian.compat.configuration import conf
from etesian.compat.plugins import AirflowPlugin

_GROUP: Final = "airflow.plugins"
_log = logging.getLogger(__name__)

#: What could not be loaded, by file or entry point, and why.
import_errors: Final[dict[str, str]] = {}


@cache
def find_plugins() -> tuple[type[AirflowPlugin], ...]:
    """Return the plugins of this process, once per name; one that cannot be loaded is logged and left out."""
    found: dict[str, type[AirflowPlugin]] = {}
    for source, plugin in [*_from_folder(), *_from_distributions()]:
        try:
            plugin.validate()
            plugin.on_load()
        except Exception as error:  # user code
            _complain(source, error)
            continue
        found.setdefault(str(plugin.name), plugin)
    return tuple(found.values())


def _from_folder() -> Iterator[tuple[str, type[AirflowPlugin]]]:
    folder = Path(str(conf.get("core", "plugins_folder")))
    if not folder.is_dir():
        return
    if str(folder) not in sys.path:
        sys.path.append(str(folder))  # plugins and DAG files import its modules by name
    for file in sorted(folder.rglob("*.py")):
        source = str(file)
        try:
            # Most files of the folder are modules for DAG files; importing them would cost every process.
            if b"AirflowPlugin" in file.read_bytes():
                yield from ((source, plugin) for plugin in _plugins_of(_load(file, folder)))
        except Exception as error:  # user code
            _complain(source, error)


def _from_distributions() -> Iterator[tuple[str, type[AirflowPlugin]]]:
    for point in entry_points(group=_GROUP):
        try:
            loaded = point.load()
        except Exception as error:  # user code
            _complain(point.name, error)
            continue
        if _is_plugin(loaded):
            yield point.name, loaded


def _load(file: Path, folder: Path) -> ModuleType:
    """Import a file under the name by which others import it, so that its classes are the same ones."""
    name = ".".join(file.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__file__", None) == str(file):
        return known
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _plugins_of(module: ModuleType) -> list[type[AirflowPlugin]]:
    return [
        value for value in vars(module).values() if _is_plugin(value) and value.__module__ == module.__name__
    ]


def _is_plugin(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, AirflowPlugin) and value is not AirflowPlugin


def _complain(source: str, error: Exception) -> None:
    import_errors[source] = f"{type(error).__name__}: {error}"
    _log.warning("plugin %s cannot be loaded: %s: %s", source, type(error).__name__, error)

"""Finding plugins: classes in the files of the plugins folder, and those that distributions name."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Final

from etesian.compat.entry_points import PLUGINS, find_entry_points
from etesian.compat.plugins.plugin import AirflowPlugin
from etesian.compat.settings.configuration import conf
from etesian.compat.settings.project_folders import make_importable

_PROVIDERS: Final = "airflow.providers."
_log = logging.getLogger(__name__)

#: What could not be loaded, by file or entry point, and why.
import_errors: Final[dict[str, str]] = {}


_is_looking = False


def find_plugins() -> tuple[type[AirflowPlugin], ...]:
    """Return the plugins that take part, once per name; one that cannot be loaded is logged and left out.

    Those of provider packages take part if an option of the section of their name is set: most serve Airflow's web
    pages, and importing them would cost each DAG file up to a second. There are none yet for a plugin that asks while
    it is being imported.
    """
    global _is_looking
    if _is_looking:
        return ()
    _is_looking = True
    try:
        return _find_once()
    finally:
        _is_looking = False


def find_plugin(name: str) -> type[AirflowPlugin] | None:
    """Return the plugin of a name, of a provider package also if it does not take part; None if there is none."""
    others = (point for point in find_entry_points(PLUGINS) if point.name == name)
    found = [*find_plugins(), *(plugin for point in others for _, plugin in _load_point(point))]
    return next((plugin for plugin in found if plugin.name == name), None)


@cache
def _find_once() -> tuple[type[AirflowPlugin], ...]:
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
    make_importable()
    for file in sorted(folder.rglob("*.py")):
        source = str(file)
        try:
            # Most files of the folder are modules for DAG files; importing them would cost every process.
            if b"AirflowPlugin" in file.read_bytes():
                yield from ((source, plugin) for plugin in _plugins_of(_load(file, folder)))
        except Exception as error:  # user code
            _complain(source, error)


def find_plugin_points() -> list[EntryPoint]:
    """Return the entry points of the plugins that take part, without importing any."""
    points = find_entry_points(PLUGINS)
    return [point for point in points if not point.value.startswith(_PROVIDERS) or _has_options(point.name)]


def _from_distributions() -> Iterator[tuple[str, type[AirflowPlugin]]]:
    for point in find_plugin_points():
        yield from _load_point(point)


def _load_point(point: EntryPoint) -> Iterator[tuple[str, type[AirflowPlugin]]]:
    try:
        loaded = point.load()
    except Exception as error:  # user code
        _complain(point.name, error)
        return
    if _is_plugin(loaded):
        yield point.name, loaded


def _has_options(section: str) -> bool:
    """Return whether somebody has set an option of a section."""
    given = any(name.startswith(f"AIRFLOW__{section.upper()}__") for name in os.environ)
    return given or conf.is_section_in_file(section)


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

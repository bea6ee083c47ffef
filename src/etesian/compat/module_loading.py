"""Importing by dotted path, for user code and providers; our control plane never does."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any


def import_string(dotted_path: str) -> Any:
    """Return the attribute that a path such as ``package.module.Class`` names.

    Raises:
        ImportError: the path has no dot, or there is no such attribute.
    """
    module_path, _, name = dotted_path.rpartition(".")
    if not module_path:
        raise ImportError(f"{dotted_path} doesn't look like a module path")
    module = importlib.import_module(module_path)
    try:
        return getattr(module, name)
    except AttributeError as error:
        raise ImportError(f'Module "{module_path}" does not define a "{name}" attribute/class') from error


def qualname(o: object, use_qualname: bool = False, exclude_module: bool = False) -> str:
    """Return the dotted path of a class, a function or an instance's class."""
    named: Any = o if hasattr(o, "__qualname__") else type(o)
    name: str = named.__qualname__ if use_qualname else named.__name__
    return name if exclude_module else f"{named.__module__}.{name}"


def iter_namespace(ns: ModuleType) -> Iterator[str]:
    """Yield the full names of the modules in a package."""
    return (info.name for info in pkgutil.iter_modules(ns.__path__, ns.__name__ + "."))


def is_valid_dotpath(path: object) -> bool:
    """Whether a text could be a dotted path."""
    return isinstance(path, str) and all(part.isidentifier() for part in path.split("."))

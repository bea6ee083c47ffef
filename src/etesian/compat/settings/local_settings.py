"""``airflow_local_settings``: a module of the project whose names replace those of ``airflow.settings``."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from etesian.compat.settings.project_folders import make_importable

MODULE: Final = "airflow_local_settings"


def has_local_settings() -> bool:
    """Whether there is such a module."""
    make_importable()
    return importlib.util.find_spec(MODULE) is not None


@cache
def load_local_settings() -> Mapping[str, Any]:
    """Return the names that the module offers; none when the project has no such module.

    It is looked for in the folders ``config`` and ``plugins`` of the project, and wherever Python finds modules.

    Raises:
        Exception: whatever the module raises: a policy that is not in force must not go unnoticed.
    """
    if not has_local_settings():
        return {}
    module = importlib.import_module(MODULE)
    names = getattr(module, "__all__", [name for name in vars(module) if not name.startswith("_")])
    return {name: getattr(module, name) for name in names}

"""Names of things in layers above, written as ``package.module:name`` and imported when they are first used.

The SDK defines how authors write; what a flavour of task does lives in ``operators`` and ``sensors``, which
build on the SDK.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from etesian.sdk.exceptions import AirflowException


@cache
def load_late(path: str) -> Any:  # Any: whatever the name stands for
    """Return what ``package.module:name`` names.

    Raises:
        AirflowException: the module or the name does not exist.
    """
    module_name, _, name = path.partition(":")
    try:
        return getattr(import_module(module_name), name)
    except (ImportError, AttributeError) as error:
        raise AirflowException(f"{path} cannot be imported: {error}") from error

"""Exceptions that were raised in another process, made again from what was reported of them."""

from __future__ import annotations

import sys

from etesian.sdk.exceptions import AirflowException


def make_error(error_type: str | None, reason: str) -> Exception:
    """Return an exception of the type that was raised, with the same message, for ``isinstance`` and ``str``.

    The type is looked for only among the modules that this process has imported anyway: what a report names is
    never imported. Where it is not found, or cannot be made of a message alone, it is an ``AirflowException``.

    >>> make_error("builtins.ValueError", "ValueError: no header")
    ValueError('no header')
    >>> make_error("gone.Error", "Error: no header")
    AirflowException('Error: no header')
    """
    found = _find_type(error_type or "")
    if found is not None:
        message = reason.removeprefix(f"{found.__name__}: ")
        try:
            # Not the constructor: the author's may want other arguments.
            error = found.__new__(found, message)
            str(error), repr(error)
        except Exception:
            return AirflowException(reason)
        return error
    return AirflowException(reason)


def _find_type(path: str) -> type[Exception] | None:
    """Return the exception class of a qualified name, such as ``package.module.Class.Inner``."""
    parts = path.split(".")
    for split in range(len(parts) - 1, 0, -1):
        module = sys.modules.get(".".join(parts[:split]))
        if module is None:
            continue
        found: object = module
        for name in parts[split:]:
            found = vars(found).get(name) if hasattr(found, "__dict__") else None
        return found if isinstance(found, type) and issubclass(found, Exception) else None
    return None

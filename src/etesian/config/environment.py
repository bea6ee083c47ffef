"""The environment that processes with authors' code may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: Settings that authors' code has no business with.
_SECRET_PREFIXES: Final = ("ETESIAN__DATABASE__", "ETESIAN__SECRETS__FERNET")


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a process with authors' code may have.

    >>> without_secrets({"PATH": "/bin", "ETESIAN__DATABASE__URL": "postgresql://..."})
    {'PATH': '/bin'}
    """
    return {name: value for name, value in environment.items() if not name.startswith(_SECRET_PREFIXES)}

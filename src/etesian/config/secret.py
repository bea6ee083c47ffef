"""Values that must not be shown: they print as stars, so that no log line or dump leaks them by accident."""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "***"
_PASSWORD_IN_URL: Final = re.compile(r"(?<=://)([^/@:]*):([^@]*)@")
_LOGIN_IN_URL: Final = re.compile(r"(?<=://)[^/@\s]+@")


class Secret:
    """A text that prints as ``***``; ``reveal`` gives it to the one place that needs it.

    >>> password = Secret("hunter2")
    >>> print(password, password.reveal())
    *** hunter2
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text itself."""
        return self._value

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class SecretUrl(Secret):
    """A URL that prints without its password.

    >>> print(SecretUrl("postgresql://etl:hunter2@db/etesian"))
    postgresql://etl:***@db/etesian
    """

    __slots__ = ()

    def __str__(self) -> str:
        return _PASSWORD_IN_URL.sub(rf"\1:{MASK}@", self._value)


def hide_login(text: str) -> str:
    """Return a text without the user names, passwords and tokens of the URLs in it.

    >>> hide_login("cannot reach https://s3cret@git.example.com/dags.git")
    'cannot reach https://***@git.example.com/dags.git'
    """
    return _LOGIN_IN_URL.sub(f"{MASK}@", text)

"""Hiding secrets by their value, wherever they turn up: log lines, rendered fields, error messages.

A process keeps the secrets that it has met: connection passwords, sensitive variables, and what user code
names with ``mask_secret``. Whoever shows text passes it through ``redact``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from json.encoder import encode_basestring_ascii
from typing import Any, Final
from urllib.parse import quote

MASK: Final = "***"
#: Shorter values would hide ordinary text.
MIN_LENGTH: Final = 4
#: A name that contains one of these, in any case, has a value that is hidden.
SENSITIVE_NAMES: Final = (
    "access_token",
    "api_key",
    "apikey",
    "authorization",
    "keyfile_dict",
    "passphrase",
    "passwd",
    "password",
    "private_key",
    "secret",
    "service_account",
    "token",
)
_MAX_DEPTH: Final = 8


def should_hide_value_for_key(name: object) -> bool:
    """Return whether a value of that name is a secret."""
    return isinstance(name, str) and any(part in name.strip().lower() for part in SENSITIVE_NAMES)


def _texts_of(secret: object, name: object) -> Iterator[str]:
    """Yield the texts to hide: a plain value always, a value under a name if the name says so."""
    if isinstance(secret, Mapping):
        for key, value in secret.items():
            yield from _texts_of(value, key)
    elif isinstance(secret, str):
        if name is None or should_hide_value_for_key(name):
            yield secret
    elif isinstance(secret, Iterable) and not isinstance(secret, bytes):
        for part in secret:
            yield from _texts_of(part, name)


def _spellings(text: str) -> Iterator[str]:
    """Yield a secret and how it looks inside JSON, a Python literal and a URL."""
    yield text
    yield encode_basestring_ascii(text)[1:-1]
    yield repr(text)[1:-1]
    yield quote(text, safe="")


class SecretsMasker(logging.Filter):
    """The secrets met so far. As a filter of a log handler it hides them in every record."""

    def __init__(self) -> None:
        super().__init__()
        self._secrets: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._listeners: list[Callable[[Sequence[str]], None]] = []

    @property
    def patterns(self) -> set[str]:
        """The secrets, in all their spellings."""
        return self._secrets

    @patterns.setter
    def patterns(self, secrets: set[str]) -> None:
        self._secrets = secrets

    @property
    def replacer(self) -> re.Pattern[str] | None:
        """What finds the secrets in a text; None when there are none."""
        return self._pattern

    @replacer.setter
    def replacer(self, pattern: re.Pattern[str] | None) -> None:
        self._pattern = pattern

    def add_mask(self, secret: object, name: str | None = None) -> None:
        """Hide a text, or the sensitive parts of a structure, from now on."""
        found = {
            spelling
            for text in _texts_of(secret, name)
            if len(text) >= MIN_LENGTH
            for spelling in _spellings(text)
        }
        new = found - self._secrets
        if not new:
            return
        self._secrets |= new
        longest_first = sorted(self._secrets, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))
        for listener in self._listeners:
            listener(sorted(new))

    def add_listener(self, listener: Callable[[Sequence[str]], None]) -> None:
        """Call ``listener`` with the secrets known now, and with each new one: whoever else shows this
        process's output.
        """
        self._listeners.append(listener)
        if self._secrets:
            listener(sorted(self._secrets))

    def reset(self) -> None:
        """Forget the secrets and the listeners."""
        self._secrets.clear()
        self._pattern = None
        self._listeners.clear()

    def redact_text(self, text: str) -> str:
        """Return a text with every secret in it replaced."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def redact(self, item: Any, name: str | None = None, max_depth: int | None = None) -> Any:
        """Return a text or structure with secrets replaced: by value everywhere, and whole where the name is
        sensitive.
        """
        return self._redact(item, name, _MAX_DEPTH if max_depth is None else max_depth)

    def _redact(self, item: Any, name: object, depth: int) -> Any:
        if depth < 0:
            return self.redact_text(item) if isinstance(item, str) else MASK if self._pattern else item
        if isinstance(item, Mapping):
            return {
                self._redact(key, None, depth - 1): self._redact(value, key, depth - 1)
                for key, value in item.items()
            }
        if isinstance(item, str):
            return MASK if item and should_hide_value_for_key(name) else self.redact_text(item)
        if isinstance(item, list | tuple | set | frozenset):
            parts = [self._redact(part, name, depth - 1) for part in item]
            return (
                tuple(parts) if isinstance(item, tuple) else parts if isinstance(item, list) else set(parts)
            )
        return (
            MASK
            if item is not None and not isinstance(item, bool) and should_hide_value_for_key(name)
            else item
        )

    def filter(self, record: logging.LogRecord) -> bool:
        """Hide secrets in a record; it is always kept."""
        if self._pattern is not None:
            record.msg = self.redact_text(record.getMessage())
            record.args = None
            if record.exc_info and record.exc_info[0] is not None:
                formatted = record.exc_text or logging.Formatter().formatException(record.exc_info)
                record.exc_text = self.redact_text(formatted)
        return True


_masker = SecretsMasker()


def secrets_masker() -> SecretsMasker:
    """Return the masker of this process."""
    return _masker


def mask_secret(secret: object, name: str | None = None) -> None:
    """Hide a value in logs, rendered fields and error messages from now on; with a ``name``, only if the name
    is sensitive.
    """
    _masker.add_mask(secret, name)


def redact(value: Any, name: str | None = None, max_depth: int | None = None) -> Any:
    """Return a text or structure with secrets replaced by ``***``."""
    return _masker.redact(value, name, max_depth)

"""Hiding secrets in structures of other libraries: the masker in the form that providers subclass."""

from __future__ import annotations

from typing import Any, Final

from etesian.sdk.connections import secrets_masker
from etesian.sdk.connections.secrets_masker import MASK, mask_secret, redact, should_hide_value_for_key

__all__ = [
    "Redactable", "Redacted", "SecretsMasker", "mask_secret", "redact", "should_hide_value_for_key",
]  # fmt: skip

Redactable = Any
Redacted = Any
_MAX_DEPTH: Final = 5


class SecretsMasker(secrets_masker.SecretsMasker):
    """Counts depth upwards, to a limit that each call may set; subclasses override ``_redact``."""

    MAX_RECURSION_DEPTH: int = _MAX_DEPTH

    def should_hide_value_for_key(self, name: object) -> bool:
        """Return whether a value of that name is a secret."""
        return should_hide_value_for_key(name)

    def redact(
        self, item: Redactable, name: str | None = None, max_depth: int | None = None, **_: Any
    ) -> Redacted:
        """Return a text or structure with secrets replaced."""
        return self._redact(item, name, 0, max_depth or self.MAX_RECURSION_DEPTH)

    def _redact(  # type: ignore[override]  # the form that providers override in their turn
        self, item: Redactable, name: str | None, depth: int, max_depth: int, **_: Any
    ) -> Redacted:
        if depth > max_depth:
            return item
        if name and self.should_hide_value_for_key(name):
            return self._redact_all(item, depth, max_depth)
        if isinstance(item, dict):
            return {key: self._redact(value, key, depth + 1, max_depth) for key, value in item.items()}
        if isinstance(item, str):
            return self.redact_text(item)
        if isinstance(item, list | tuple | set):
            parts = [self._redact(part, None, depth + 1, max_depth) for part in item]
            return (
                parts if isinstance(item, list) else tuple(parts) if isinstance(item, tuple) else set(parts)
            )
        return item

    def _redact_all(self, item: Redactable, depth: int, max_depth: int, **_: Any) -> Redacted:
        if depth > max_depth or isinstance(item, str):
            return MASK
        if isinstance(item, dict):
            return {key: self._redact_all(value, depth + 1, max_depth) for key, value in item.items()}
        if isinstance(item, list | tuple | set):
            parts = [self._redact_all(part, depth + 1, max_depth) for part in item]
            return (
                parts if isinstance(item, list) else tuple(parts) if isinstance(item, tuple) else set(parts)
            )
        return item


def _secrets_masker() -> secrets_masker.SecretsMasker:
    return secrets_masker.secrets_masker()

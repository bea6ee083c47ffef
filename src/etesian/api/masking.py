"""What of variables and connections may be shown."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from etesian.sdk.connections.secrets_masker import MASK, SecretsMasker, should_hide_value_for_key

_masker: Final = SecretsMasker()


def shown_variable(key: str, value: str) -> str:
    """Return a variable's value, masked whole for a telling key, and for telling keys inside its JSON.

    >>> shown_variable("db_password", "hunter2"), shown_variable("db", '{"password":"hunter2","host":"h"}')
    ('***', '{"password":"***","host":"h"}')
    """
    return MASK if should_hide_value_for_key(key) else _mask_json(value)


def shown_password(password: str | None) -> str | None:
    """Return stars for a password, None for none."""
    return None if password is None else MASK


def shown_extra(extra: str | None) -> str | None:
    """Return a connection's extra with values of telling keys masked; what is not JSON is masked whole."""
    if not extra:
        return extra
    return MASK if _decoded(extra) is None else _mask_json(extra)


def _mask_json(text: str) -> str:
    found = _decoded(text)
    return text if found is None else msgspec.json.encode(_masker.redact(found)).decode()


def _decoded(text: str) -> Any | None:  # Any: JSON
    """Return the object or list that ``text`` is the JSON of; None for other texts."""
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, dict | list) else None

"""Identifiers: UUIDv7 for attempts, so that they sort by time; and the grammar that names must obey."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from etesian.foundation.errors import EtesianError

#: What dag_ids, task_ids and group ids may be made of; the same letters as in Airflow.
KEY_PATTERN = re.compile(r"^[\w.\-]+$")
MAX_KEY_LENGTH = 250


class InvalidKeyError(EtesianError):
    """A dag_id, task_id or similar name that cannot be a key."""


def check_key(key: object, what: str) -> str:
    """Return ``key`` if it may name a DAG, task or group.

    Raises:
        InvalidKeyError: it is not text, too long, or has a character that is not a letter, digit, ``_ - .``.
    """
    if not isinstance(key, str):
        raise InvalidKeyError(f"{what} must be text, got {type(key).__name__}: {key!r}")
    if not key or len(key) > MAX_KEY_LENGTH:
        raise InvalidKeyError(
            f"{what} must have 1 to {MAX_KEY_LENGTH} characters, got {len(key)}: {key[:80]!r}"
        )
    if not KEY_PATTERN.match(key):
        raise InvalidKeyError(
            f"{what} {key!r} has a character that is not allowed; use letters, digits, dashes, dots and underscores"
        )
    return key


#: The UUID's variant takes the upper half of its digit.
_VARIANT = {digit: f"{0x8 | (int(digit, 16) & 0x3):x}" for digit in "0123456789abcdef"}


class IdSource:
    """Makes UUIDv7 texts from the time it is given and a seed, so that a replay makes the same ids."""

    def __init__(self, seed: bytes) -> None:
        self._tails = _tails(seed)
        self._moment: datetime | None = None
        self._head = ""

    def new_id(self, now: datetime) -> str:
        """Return a new id: 48 bits of milliseconds, then bits that never repeat for this seed."""
        if now is not self._moment:  # ids come in batches of one moment
            milliseconds = int(now.timestamp() * 1000)
            head = f"{milliseconds & 0xFFFF_FFFF_FFFF:012x}"
            self._moment, self._head = now, f"{head[:8]}-{head[8:]}-7"
        tail = next(self._tails)
        return f"{self._head}{tail[:3]}-{_VARIANT[tail[3]]}{tail[4:7]}-{tail[7:19]}"


def _tails(seed: bytes) -> Iterator[str]:
    # Late: it loads OpenSSL, and processes that only define DAGs check names but make no ids.
    from hashlib import blake2b

    counter = 0
    while True:
        digest = blake2b(counter.to_bytes(8, "big"), key=seed[:64], digest_size=30).hexdigest()
        yield digest[:19]
        yield digest[19:38]
        yield digest[38:57]
        counter += 1

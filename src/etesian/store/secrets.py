"""Encryption of what is secret in the store: values of variables, passwords and extras of connections."""

from __future__ import annotations

import os
import secrets as random_source
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from etesian.store.errors import StoreError

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

_CURE: Final = "a key is 32 random bytes in URL-safe base64, as `Fernet.generate_key()` makes them"


class KeyFileError(StoreError):
    """The encryption key cannot be read or made, or is not one."""


class DecryptionError(StoreError):
    """A stored secret was encrypted with a key that is not among those given."""


class SecretBox:
    """Encrypts with the newest key, decrypts with any.

    Without ``keys`` they are read from ``key_file``, which is made with a new key when it is missing.
    Several keys are separated by commas, the newest first; ``store.rotation`` moves everything to the newest
    one.
    """

    def __init__(self, key_file: Path, keys: str | None = None) -> None:
        self._key_file = key_file
        self._keys = keys

    def encrypt(self, text: str) -> str:
        """Return the text encrypted, as text.

        Raises:
            KeyFileError: there is no usable key.
        """
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """Return the text that was encrypted.

        Raises:
            KeyFileError: there is no usable key.
            DecryptionError: none of the keys fits.
        """
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(token).decode()
        except InvalidToken:
            raise self._wrong_key() from None

    def rotate(self, token: str) -> str:
        """Return the same secret encrypted with the newest key.

        Raises:
            KeyFileError: there is no usable key.
            DecryptionError: none of the keys fits.
        """
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.rotate(token).decode()
        except InvalidToken:
            raise self._wrong_key() from None

    @cached_property
    def _fernet(self) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet  # late: heavy, and many processes never need it

        source = "the setting secrets.fernet_keys" if self._keys else f"the key file {str(self._key_file)!r}"
        keys = self._keys or _read_or_make(self._key_file)
        try:
            return MultiFernet([Fernet(key.strip()) for key in keys.split(",") if key.strip()])
        except ValueError as error:
            raise KeyFileError(f"{source} holds no usable key ({error}); {_CURE}") from None

    def _wrong_key(self) -> DecryptionError:
        source = "ETESIAN__SECRETS__FERNET_KEYS" if self._keys else repr(str(self._key_file))
        return DecryptionError(
            "a stored secret cannot be decrypted: it was encrypted with another key; "
            f"add that key, after a comma, to {source}, or set the variable or connection again"
        )


def _read_or_make(file: Path) -> str:
    try:
        try:
            return file.read_text(encoding="ascii")
        except FileNotFoundError:
            _make(file)
            return file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise KeyFileError(
            f"the key file {str(file)!r} cannot be read or made: {reason}; "
            "make its folder writable for this user, or give the keys in ETESIAN__SECRETS__FERNET_KEYS"
        ) from error


def _make(file: Path) -> None:
    """Make the file with its content in one step; of several that try, the first wins and all use its key."""
    from cryptography.fernet import Fernet

    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{random_source.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(Fernet.generate_key() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink()

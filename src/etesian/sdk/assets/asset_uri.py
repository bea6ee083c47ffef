"""Which texts may name an asset, and the one spelling of an asset's URI."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from etesian.foundation.errors import EtesianError

MAX_ASSET_TEXT_LENGTH: Final = 1500
RESERVED_SCHEMES: Final = frozenset({"airflow", "etesian"})


class InvalidAssetError(EtesianError, ValueError):
    """A name or URI that cannot identify an asset."""


def check_asset_text(text: object, what: str) -> str:
    """Return ``text`` if it may be an asset's ``what`` (its name, URI or group).

    Raises:
        InvalidAssetError: it is not text, empty, only white space, or longer than 1,500 characters.
    """
    if not isinstance(text, str):
        raise InvalidAssetError(f"asset {what} must be text, got {type(text).__name__}: {text!r}")
    if not text.strip():
        raise InvalidAssetError(f"asset {what} cannot be empty or only white space, got {text!r}")
    if len(text) > MAX_ASSET_TEXT_LENGTH:
        raise InvalidAssetError(
            f"asset {what} cannot exceed {MAX_ASSET_TEXT_LENGTH} characters, got {len(text)}"
        )
    return text


def normalize_uri(uri: str) -> str:
    """Return the one spelling of a URI: no credentials, no fragment, lower-case scheme, ordered query.

    Text without a scheme is a plain identifier and stays as it is; so does a private ``x-...`` scheme.

    Raises:
        InvalidAssetError: the scheme is reserved.

    >>> normalize_uri("S3://user:secret@bucket/key/?b=2&a=1#part")
    's3://bucket/key?a=1&b=2'
    >>> normalize_uri("daily report")
    'daily report'
    """
    parts = urlsplit(uri)
    scheme = parts.scheme.lower()
    if not scheme or scheme.startswith("x-"):
        return uri
    if scheme in RESERVED_SCHEMES:
        raise InvalidAssetError(
            f"asset scheme {scheme!r} is reserved; use the scheme of the system that keeps the data"
        )
    host = parts.netloc.rpartition("@")[2]
    path = parts.path.rstrip("/") or "/"
    query = urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True)))
    if not host:
        # urlunsplit drops an empty host of schemes that it does not know: the text would mean another thing.
        opening = f"{scheme}://" if uri[len(scheme) :].startswith("://") else f"{scheme}:"
        return opening + path + (f"?{query}" if query else "")
    return urlunsplit((scheme, host, path, query, ""))

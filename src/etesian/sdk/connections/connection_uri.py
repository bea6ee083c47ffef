"""Connections as URIs: ``type://login:password@host:port/schema?key=value``, every part percent-encoded."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode

from etesian.sdk.exceptions import AirflowException

#: Carries an ``extra`` that is not a flat object of texts, as JSON.
EXTRA_KEY: Final = "__extra__"

_URI = re.compile(
    r"^(?P<type>[A-Za-z][\w+.\-]*)://"
    r"(?:(?P<protocol>[A-Za-z][\w+.\-]*)://)?"
    r"(?:(?P<credentials>[^/?]*)@)?"
    r"(?P<address>\[[^\]]*\](?::\d*)?|[^/?]*)"
    r"(?:/(?P<schema>[^?]*))?"
    r"(?:\?(?P<query>.*))?$",
    re.DOTALL,
)


class InvalidConnectionError(AirflowException, ValueError):
    """What was given does not describe a connection. The message never repeats it: it may hold a password."""


def normalize_connection_type(name: str) -> str:
    """Return the one spelling of a type: ``google-cloud-platform`` and ``postgresql`` have another.

    >>> normalize_connection_type("google-cloud-platform"), normalize_connection_type("postgresql")
    ('google_cloud_platform', 'postgres')
    """
    return "postgres" if name == "postgresql" else name.replace("-", "_")


def parse_connection_uri(uri: str) -> dict[str, Any]:
    """Return the parts of a connection's URI: conn_type, host, login, password, schema, port, extra.

    Raises:
        InvalidConnectionError: it is not such a URI.

    >>> parse_connection_uri("http://https://api.example.com/v1")["host"]
    'https://api.example.com'
    """
    found = _URI.match(uri)
    if found is None:
        raise InvalidConnectionError(
            "the text is not the URI of a connection, which looks like "
            "type://login:password@host:port/schema?key=value, every part percent-encoded"
        )
    login, separator, password = (found["credentials"] or "").partition(":")
    host, port = _split_address(found["address"])
    if found["protocol"]:
        host = f"{found['protocol']}://{host}"
    schema = found["schema"]
    return {
        "conn_type": normalize_connection_type(found["type"].lower()),
        "host": host,
        "login": unquote(login) or None,
        "password": unquote(password) if separator else None,
        "schema": unquote(schema) if schema is not None else "",
        "port": port,
        "extra": _parse_extra(found["query"]),
    }


def build_connection_uri(parts: Mapping[str, Any]) -> str:
    """Return the URI from which ``parse_connection_uri`` reads the same parts."""
    uri = f"{str(parts['conn_type'] or '').lower().replace('_', '-')}://"
    protocol, found, rest = (parts["host"] or "").partition("://")
    host = rest if found else protocol
    if found:
        uri += f"{protocol}://"
    if parts["login"] is not None or parts["password"] is not None:
        uri += quote(parts["login"] or "", safe="")
        uri += f":{quote(parts['password'], safe='')}@" if parts["password"] is not None else "@"
    uri += _quote_host(host)
    if parts["port"] is not None:
        if uri.endswith("://"):
            uri += "@"  # a port alone: other readers of URIs expect an address before it
        uri += f":{parts['port']}"
    if parts["schema"] or parts["extra"]:
        uri += f"/{quote(parts['schema'] or '', safe='')}"
    return f"{uri}?{_build_query(parts['extra'])}" if parts["extra"] else uri


def _quote_host(host: str) -> str:
    return host if host.startswith("[") else quote(host, safe="")


def _split_address(address: str) -> tuple[str, int | None]:
    if address.startswith("["):
        host, _, port = address.partition("]")
        return f"{host}]", int(port[1:]) if port[1:] else None
    host, separator, port = address.rpartition(":")
    if not separator:
        return unquote(address), None
    if port and not port.isdigit():
        raise InvalidConnectionError(f"the port in the URI of a connection must be a number, got {port!r}")
    return unquote(host), int(port) if port else None


def _parse_extra(query: str | None) -> str | None:
    if not query:
        return None
    pairs = dict(parse_qsl(query, keep_blank_values=True))
    return pairs[EXTRA_KEY] if EXTRA_KEY in pairs else json.dumps(pairs)


def _build_query(extra: str) -> str:
    try:
        loaded = json.loads(extra)
    except ValueError:
        return urlencode({EXTRA_KEY: extra})
    if isinstance(loaded, dict) and loaded and all(isinstance(value, str) for value in loaded.values()):
        query = urlencode(loaded)
        if dict(parse_qsl(query, keep_blank_values=True)) == loaded and EXTRA_KEY not in loaded:
            return query
    return urlencode({EXTRA_KEY: extra})

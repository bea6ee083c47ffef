"""Package indexes for Python, by connection."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from etesian.foundation.errors import EtesianError
from etesian.hooks.base import BaseHook


class PackageIndexError(EtesianError):
    """A connection does not describe a package index."""


class PackageIndexHook(BaseHook):
    """Gives the address of a package index, with the log-in of its connection; ``host`` is the URL."""

    conn_name_attr = "pi_conn_id"
    default_conn_name = "package_index_default"
    conn_type = "package_index"
    hook_name = "Package Index (Python)"

    def __init__(self, pi_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pi_conn_id = pi_conn_id

    def get_conn(self) -> str:
        """Return the address of the index."""
        return self.get_connection_url()

    def test_connection(self) -> tuple[bool, str]:
        """Return whether the index answers, and a sentence about it."""
        from urllib.request import Request, urlopen  # heavy, and most uses only need the address

        parts = urlsplit(self.get_connection_url())
        request = Request(urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])))
        login, _, password = parts.netloc.rpartition("@")[0].partition(":")
        if login:
            request.add_header("Authorization", f"Basic {_encoded(unquote(login), unquote(password))}")
        try:
            with urlopen(request, timeout=10) as answer:
                return True, f"{parts.hostname} answered with status {answer.status}"
        except OSError as error:
            return False, f"{parts.hostname} cannot be used: {error}"

    def get_connection_url(self) -> str:
        """Return the address of the index.

        Raises:
            PackageIndexError: the connection's host is not a URL.
        """
        connection = self.get_connection(self.pi_conn_id)
        parts = urlsplit(connection.host or "")
        if not parts.netloc:
            raise PackageIndexError(
                f"the host of connection {self.pi_conn_id!r} must be an index's URL, got {connection.host!r}"
            )
        if not connection.login:
            return urlunsplit(parts)
        password = f":{quote(connection.password, safe='')}" if connection.password else ""
        return urlunsplit(
            parts._replace(netloc=f"{quote(connection.login, safe='')}{password}@{parts.netloc}")
        )


def _encoded(login: str, password: str) -> str:
    return b64encode(f"{login}:{password}".encode()).decode("ascii")

"""The interface of secrets backends."""

from __future__ import annotations

from typing import Any


class BaseSecretsBackend:
    """A place that keeps connections, variables and settings. A subclass overrides what it can give."""

    @staticmethod
    def build_path(path_prefix: str, secret_id: str, sep: str = "/") -> str:
        """Return the name under which a secret is kept."""
        return f"{path_prefix}{sep}{secret_id}"

    def get_conn_value(self, conn_id: str) -> str | None:
        """Return a connection as a URI or as JSON, or None."""
        return None

    def get_connection(self, conn_id: str) -> Any:  # Any: a Connection, defined above this module
        """Return a ``Connection``, or the text that ``get_conn_value`` gives, or None."""
        return self.get_conn_value(conn_id)

    def get_variable(self, key: str) -> str | None:
        """Return a variable's text, or None."""
        return None

    def get_config(self, key: str) -> str | None:
        """Return a setting's text, or None."""
        return None

"""The base class of secrets backends as providers subclass it: it answers with connections, not with their texts."""

from __future__ import annotations

from etesian.sdk.connections.connection import Connection
from etesian.sdk.secrets_backends import base


class BaseSecretsBackend(base.BaseSecretsBackend):
    """A place that keeps connections, variables and settings. A subclass overrides what it can give."""

    def get_connection(self, conn_id: str, team_name: str | None = None) -> Connection | None:
        """Return the connection that ``get_conn_value`` describes, or None."""
        text = self.get_conn_value(conn_id)
        return self.deserialize_connection(conn_id, text) if text else None

    def deserialize_connection(self, conn_id: str, value: str) -> Connection:
        """Return the connection that a text describes, in JSON or as a URI."""
        return Connection.from_text(value, conn_id)

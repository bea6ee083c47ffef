"""``{{ var.value.name }}``, ``{{ var.json.name }}`` and ``{{ conn.name }}`` in templates."""

from __future__ import annotations

from typing import Any

from etesian.sdk.connections.connection import Connection
from etesian.sdk.connections.variable import Variable
from etesian.sdk.exceptions import AirflowNotFoundException
from etesian.sdk.xcoms.xcom_arg import NOTSET


class VariableAccessor:
    """Variables as attributes; ``get`` takes a default."""

    def __init__(self, deserialize_json: bool) -> None:
        self._deserialize_json = deserialize_json

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        return Variable.get(key, deserialize_json=self._deserialize_json)

    def __getitem__(self, key: str) -> Any:
        return Variable.get(key, deserialize_json=self._deserialize_json)

    def get(self, key: str, default: Any = NOTSET) -> Any:
        """Return the variable, or ``default`` where one is given."""
        if default is NOTSET:
            return Variable.get(key, deserialize_json=self._deserialize_json)
        return Variable.get(key, default_var=default, deserialize_json=self._deserialize_json)


class ConnectionAccessor:
    """Connections as attributes; ``get`` takes a default."""

    def __getattr__(self, conn_id: str) -> Connection:
        if conn_id.startswith("__"):
            raise AttributeError(conn_id)
        return Connection.get(conn_id)

    def __getitem__(self, conn_id: str) -> Connection:
        return Connection.get(conn_id)

    def get(self, conn_id: str, default_conn: Any = None) -> Any:
        """Return the connection, or ``default_conn`` where there is none."""
        try:
            return Connection.get(conn_id)
        except AirflowNotFoundException:
            return default_conn

"""A hook whose connection and database are mocks."""

from __future__ import annotations

from typing import Any
from unittest import mock


def mock_db_hook(hook_class: type, conn_params: dict[str, Any] | None = None) -> Any:
    """Return a hook of a subclass that counts how often its connection was asked for."""
    from airflow.sdk import Connection  # late: which airflow it is has to be settled before

    connection = Connection(**{"conn_type": "default", "conn_id": "default_conn_id", **(conn_params or {})})

    class Hook(hook_class):
        conn_name_attr = "default_conn_id"
        default_conn_id = "default_conn_id"

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.connection_invocations = 0

        def get_conn(self) -> Any:
            return mock.MagicMock()

        def get_connection(self, conn_id: str) -> Any:
            self.connection_invocations += 1
            return connection

    return Hook()

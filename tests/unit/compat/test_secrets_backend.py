"""Secrets backends of providers."""

from __future__ import annotations


def test_a_backend_answers_with_a_connection() -> None:
    from airflow.secrets import BaseSecretsBackend

    class Backend(BaseSecretsBackend):  # type: ignore[misc]  # found at run time
        def get_conn_value(self, conn_id: str) -> str | None:
            return '{"conn_type": "http", "host": "example.com"}' if conn_id == "web" else None

    assert Backend().get_connection("web").host == "example.com"
    assert Backend().get_connection("other") is None

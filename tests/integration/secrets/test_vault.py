"""Secrets from HashiCorp Vault, through its own client library and a server that speaks its HTTP API."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from etesian.sdk.connections.connection import Connection
from etesian.sdk.secrets_backends.vault import VaultBackend, VaultError

SECRETS: Final[dict[str, dict[str, Any]]] = {
    "variables/bucket": {"value": "b"},
    "variables/parts": {"value": {"a": 1}},
    "connections/db": {"conn_uri": "postgres://me:word@host:5432/name"},
    "connections/parts": {"conn_type": "http", "host": "example.com", "port": 443},
    "config/key": {"value": "set"},
}
TOKEN: Final = "letmein"
NOT_FOUND, FORBIDDEN, BAD_REQUEST = 404, 403, 400


class VaultApi(BaseHTTPRequestHandler):
    """The few paths that are asked for: looking up a token, the key-value engines 1 and 2, the log-in by role."""

    def do_GET(self) -> None:
        """Answer a question, if the token is right."""
        path = self.path.partition("?")[0]
        if self.headers.get("X-Vault-Token") != TOKEN:
            self._answer(FORBIDDEN, {"errors": ["permission denied"]})
        elif path == "/v1/auth/token/lookup-self":
            self._answer(200, {"data": {"id": TOKEN}})
        elif (found := SECRETS.get(path.removeprefix("/v1/secret/data/"))) is not None:
            self._answer(200, {"data": {"data": found, "metadata": {"version": 1}}})
        elif (found := SECRETS.get(path.removeprefix("/v1/old/"))) is not None:
            self._answer(200, {"data": found})
        else:
            self._answer(NOT_FOUND, {"errors": []})

    def do_POST(self) -> None:
        """Log in by role."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked == {"role_id": "role", "secret_id": "secret"}:
            self._answer(200, {"auth": {"client_token": TOKEN}})
        else:
            self._answer(BAD_REQUEST, {"errors": ["invalid role or secret ID"]})

    def _answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    pytest.importorskip("hvac", reason="Vault's client library is not installed")
    server = HTTPServer(("127.0.0.1", 0), VaultApi)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    "arguments",
    [
        {"token": TOKEN},
        {"role_id": "role", "secret_id": "secret"},
        {"token": TOKEN, "mount_point": "old", "kv_engine_version": 1},
    ],
    ids=["token", "role", "engine 1"],
)
def test_vault_is_asked_through_its_library(url: str, arguments: dict[str, Any]) -> None:
    vault = VaultBackend(url, **arguments)
    assert (vault.get_variable("bucket"), vault.get_variable("parts")) == ("b", '{"a": 1}')
    assert (vault.get_variable("never"), vault.get_conn_value("never")) == (None, None)
    assert vault.get_config("key") == "set"
    by_uri = Connection.from_text(vault.get_conn_value("db") or "", "db")
    assert (by_uri.conn_type, by_uri.host, by_uri.password) == ("postgres", "host", "word")
    by_parts = Connection.from_text(vault.get_conn_value("parts") or "", "parts")
    assert (by_parts.conn_type, by_parts.host, by_parts.port) == ("http", "example.com", 443)


def test_a_token_may_lie_in_a_file(url: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    assert VaultBackend(url, token_path=str(file)).get_variable("bucket") == "b"


def test_a_kind_that_is_switched_off_is_not_asked_for(url: str) -> None:
    assert VaultBackend(url, token="wrong", variables_path=None).get_variable("bucket") is None


def test_a_refused_log_in_says_so_and_names_no_token(url: str) -> None:
    with pytest.raises(VaultError, match="refused the log-in; check the token") as caught:
        VaultBackend(url, token="wrong-token").get_variable("bucket")
    assert "wrong-token" not in str(caught.value)

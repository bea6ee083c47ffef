"""Package indexes, at a real HTTP server on loopback."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from etesian.hooks.package_index import PackageIndexError, PackageIndexHook


@pytest.fixture
def index_port() -> Iterator[int]:
    class Index(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = f"Basic {b64encode(b'me:p@ss').decode()}"
            self.send_response(200 if self.headers.get("Authorization") == wanted else 401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Index)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_the_address_holds_the_log_in_and_can_be_tried(
    index_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = f"http://127.0.0.1:{index_port}/simple"
    monkeypatch.setenv(
        "ETESIAN_CONN_INDEX",
        f'{{"conn_type": "package_index", "host": "{host}", "login": "me", "password": "p@ss"}}',
    )
    hook = PackageIndexHook("index")
    assert hook.get_conn() == f"http://me:p%40ss@127.0.0.1:{index_port}/simple"
    assert hook.test_connection() == (True, "127.0.0.1 answered with status 200")
    monkeypatch.setenv("ETESIAN_CONN_INDEX", f'{{"conn_type": "package_index", "host": "{host}"}}')
    assert PackageIndexHook("index").test_connection()[0] is False


def test_a_host_that_is_no_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETESIAN_CONN_INDEX", '{"conn_type": "package_index", "host": "plain"}')
    with pytest.raises(PackageIndexError, match="must be an index's URL, got 'plain'"):
        PackageIndexHook("index").get_conn()

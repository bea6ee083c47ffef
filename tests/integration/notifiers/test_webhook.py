"""Notices to a web address, at a real HTTP server on loopback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from etesian.notifiers.webhook import WebhookError, WebhookNotifier
from etesian.operators.empty import EmptyOperator
from etesian.sdk.context import Context
from etesian.sdk.dags.dag import DAG
from tests.servers.webhook import running_webhook_server
from tests.unit.memory_platform import DAY, make_context


@pytest.fixture
def context() -> Context:
    with DAG("dag", start_date=DAY):
        return make_context(EmptyOperator(task_id="t"))


@pytest.fixture
def refusing_url() -> Iterator[str]:
    class Refuse(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_error(403, "no such channel")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refuse)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/token-in-path"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_a_notice_is_posted_as_json_with_its_templates_rendered(context: Context) -> None:
    with running_webhook_server() as server:
        WebhookNotifier(server.url)(context)
        WebhookNotifier(server.url, text="{{ ti.task_id }} of {{ ds }}")(context)
        WebhookNotifier(server.url, payload={"blocks": [{"text": "{{ run_id }}"}]}, headers={"X-A": "b"})(
            context
        )
    assert server.bodies == [
        {"text": "DAG dag, task t is running (run run)"},
        {"text": "t of 2030-01-01"},
        {"blocks": [{"text": "run"}]},
    ]


def test_a_refusal_names_host_status_and_words_but_not_the_address(
    context: Context, refusing_url: str
) -> None:
    with pytest.raises(WebhookError, match=r"127\.0\.0\.1 refused the notice with status 403") as caught:
        WebhookNotifier(refusing_url).notify(context)
    assert "token-in-path" not in str(caught.value)


def test_an_address_that_cannot_be_reached_is_only_logged_when_used_as_a_callback(
    context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    WebhookNotifier("http://127.0.0.1:1/x", timeout_seconds=1)(context)
    assert "WebhookNotifier could not notify" in caplog.text
    with pytest.raises(WebhookError, match="needs an address with http or https"):
        WebhookNotifier("file:///etc/passwd").notify(context)

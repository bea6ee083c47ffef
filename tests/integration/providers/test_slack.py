"""The provider `slack`, with Slack's own client library, against an HTTP receiver on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from etesian import DAG
from etesian.testing import run_dag
from tests.integration.providers.conftest import Connect
from tests.servers.web import Request, Response, WebServer, running_web_server

pytestmark = pytest.mark.provider("slack")


@pytest.fixture
def slack(connect: Connect) -> Iterator[WebServer]:
    def answer(request: Request) -> Response:
        match request.path:
            case "/api/chat.postMessage":
                return Response({"ok": True, "channel": "C1", "ts": "1.5"})
            case "/api/files.getUploadURLExternal":
                return Response({"ok": True, "upload_url": f"{server.url}/upload", "file_id": "F1"})
            case "/api/files.completeUploadExternal":
                return Response({"ok": True, "files": [{"id": "F1"}]})
            case "/api/conversations.list":
                channels = [{"id": "C1", "name": "sales"}]
                return Response({"ok": True, "channels": channels, "response_metadata": {"next_cursor": ""}})
            case "/upload" | "/services/T/B/X":
                return Response("ok")
            case "/api/chat.delete":
                return Response({"ok": False, "error": "message_not_found"})
        return Response({"ok": False, "error": "unknown_method"})

    with running_web_server(answer) as server:
        connect(
            "slack_api_default",
            conn_type="slack",
            password="xoxb-1",
            extra={"base_url": f"{server.url}/api/"},
        )
        connect("slack_default", conn_type="slackwebhook", host=f"{server.url}/services", password="T/B/X")
        yield server


def test_a_message_is_posted_and_what_slack_says_of_it_is_returned(slack: WebServer) -> None:
    from airflow.providers.slack.operators.slack import SlackAPIPostOperator

    with DAG("post", schedule=None) as dag:
        SlackAPIPostOperator(task_id="post", channel="#sales", text="{{ ds }} is done")

    result = run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    assert result.task("post").xcom["ts"] == "1.5"
    (request,) = slack.asked("POST", "/api/chat.postMessage")
    assert request.headers["authorization"] == "Bearer xoxb-1"
    assert (request.json["channel"], request.json["text"]) == ("#sales", "2030-01-02 is done")


def test_a_webhook_receives_the_message(slack: WebServer) -> None:
    from airflow.providers.slack.operators.slack_webhook import SlackWebhookOperator

    with DAG("hook", schedule=None) as dag:
        SlackWebhookOperator(
            task_id="tell",
            slack_webhook_conn_id="slack_default",
            message="run {{ run_id }}",
            blocks=[{"type": "divider"}],
        )

    run_dag(dag, run_id="night").raise_if_failed()

    (request,) = slack.asked("POST", "/services/T/B/X")
    assert request.json == {"text": "run night", "blocks": [{"type": "divider"}]}


def test_a_file_is_uploaded_and_shared(slack: WebServer, tmp_path: Path) -> None:
    from airflow.providers.slack.operators.slack import SlackAPIFileOperator

    (tmp_path / "report.txt").write_text("3 sold")
    with DAG("file", schedule=None) as dag:
        SlackAPIFileOperator(
            task_id="send",
            channels="C1",
            filename=str(tmp_path / "report.txt"),
            initial_comment="see {{ ds }}",
        )

    run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    (upload,) = slack.asked("POST", "/upload")
    assert b"3 sold" in upload.body
    (shared,) = slack.asked("POST", "/api/files.completeUploadExternal")
    assert shared.form["initial_comment"] == "see 2030-01-02"


def test_a_notifier_tells_of_success_and_an_error_of_slack_fails_the_task(slack: WebServer) -> None:
    from airflow.providers.slack.hooks.slack import SlackHook
    from airflow.providers.slack.notifications.slack import send_slack_notification
    from airflow.sdk import task

    with DAG(
        "delete",
        schedule=None,
        on_failure_callback=send_slack_notification(text="{{ dag.dag_id }} failed", channel="#sales"),
    ) as dag:

        @task
        def delete() -> None:
            SlackHook(slack_conn_id="slack_api_default").call("chat.delete", json={"ts": "9"})

        delete()

    result = run_dag(dag)

    assert result.states == {"delete": "failed"}
    assert "message_not_found" in str(result.task("delete").error)
    (request,) = slack.asked("POST", "/api/chat.postMessage")
    assert request.json["text"] == "delete failed"


def test_rows_of_a_query_become_a_file_in_a_channel(
    slack: WebServer, connect: Connect, tmp_path: Path
) -> None:
    pytest.importorskip("pandas", reason="NOT INSTALLED: pandas, which the transfer uses")
    from airflow.providers.slack.transfers.sql_to_slack import SqlToSlackApiFileOperator

    connect("shop", conn_type="sqlite", host=str(tmp_path / "shop.db"))
    with DAG("rows", schedule=None) as dag:
        SqlToSlackApiFileOperator(
            task_id="send",
            sql="SELECT 7 AS sold",
            sql_conn_id="shop",
            slack_conn_id="slack_api_default",
            slack_filename="sold.csv",
            slack_channels="#sales",
        )

    run_dag(dag).raise_if_failed()

    (upload,) = slack.asked("POST", "/upload")
    assert b"sold" in upload.body

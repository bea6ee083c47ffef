"""E-mail, through a real SMTP server on loopback."""

from __future__ import annotations

import json
import smtplib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etesian.hooks.mail_message import MailError, split_addresses
from etesian.hooks.mail_server import MailServer, server_from_connection, server_from_settings
from etesian.hooks.smtp import SmtpHook, send_email
from etesian.notifiers.smtp import SmtpNotifier
from etesian.operators.email import EmailOperator
from etesian.operators.python import PythonOperator
from etesian.sdk.connections.connection import Connection
from etesian.sdk.dags.dag import DAG
from etesian.sdk.exceptions import AirflowNotFoundException
from etesian.testing import run_dag
from tests.servers.mail import Mailbox, running_mail_server
from tests.unit.memory_platform import DAY, make_context


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    with running_mail_server() as found:
        monkeypatch.setenv("ETESIAN__SMTP__HOST", "127.0.0.1")
        monkeypatch.setenv("ETESIAN__SMTP__PORT", str(found.port))
        monkeypatch.setenv("ETESIAN__SMTP__MAIL_FROM", "flows@example.com")
        yield found


def only(mailbox: Mailbox) -> Any:
    (message,) = mailbox.messages
    return message


def test_a_task_sends_rendered_html_to_everyone(mailbox: Mailbox, tmp_path: Path) -> None:
    report = tmp_path / "report é.csv"
    report.write_bytes(b"a,b\n1,2\n")
    with DAG("dag", start_date=DAY):
        task = EmailOperator(
            task_id="mail",
            to="a@example.com, b@example.com",
            cc=["c@example.com"],
            bcc="d@example.com",
            subject="Day {{ ds }}: überblick",
            html_content="<p>rows: {{ params.rows }} ✓</p>",
            files=[str(report)],
            params={"rows": 3},
            custom_headers={"X-Flow": "dag"},
        )
    context = make_context(task)
    task.render_template_fields(context)
    task.execute(context)
    message = only(mailbox)
    assert message["Subject"] == "Day 2030-01-01: überblick"
    assert (message["From"], message["To"], message["Cc"]) == (
        "flows@example.com",
        "a@example.com, b@example.com",
        "c@example.com",
    )
    assert message["Bcc"] is None
    assert message["X-Flow"] == "dag"
    assert message["X-Recipients"] == "a@example.com, b@example.com, c@example.com, d@example.com"
    html, attachment = message.get_payload()
    assert html.get_content().strip() == "<p>rows: 3 ✓</p>"
    assert attachment.get_content() == b"a,b\n1,2\n"


def test_a_template_file_is_the_text(mailbox: Mailbox, tmp_path: Path) -> None:
    (tmp_path / "mail.html").write_text("<b>{{ run_id }}</b>")
    with DAG("dag", start_date=DAY, template_searchpath=str(tmp_path)):
        task = EmailOperator(task_id="mail", to="a@example.com", subject="s", html_content="mail.html")
    context = make_context(task)
    task.render_template_fields(context)
    task.execute(context)
    assert only(mailbox).get_payload()[0].get_content().strip() == "<b>run</b>"


def test_a_connection_names_server_and_sender(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETESIAN__SMTP__PORT", "1")
    uri = f"smtp://127.0.0.1:{mailbox.port}?disable_ssl=true&from_email=ops%40example.com"
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", uri)
    send_email("a@example.com", "s", "<p>x</p>")
    assert only(mailbox)["From"] == "ops@example.com"


def test_a_connection_that_is_named_must_exist(mailbox: Mailbox) -> None:
    with pytest.raises(AirflowNotFoundException, match="other_mail"):
        send_email("a@example.com", "s", "x", conn_id="other_mail")


def test_a_dry_run_sends_nothing(mailbox: Mailbox) -> None:
    send_email("a@example.com", "s", "x", dryrun=True)
    assert mailbox.messages == []


def test_a_mail_without_recipient_or_with_a_missing_file_is_refused(mailbox: Mailbox) -> None:
    with pytest.raises(MailError, match="has no recipient"):
        send_email("", "s", "x")
    with pytest.raises(MailError, match="/nowhere cannot be attached"):
        send_email("a@example.com", "s", "x", files=["/nowhere"])


def test_a_server_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETESIAN__SMTP__HOST", "127.0.0.1")
    monkeypatch.setenv("ETESIAN__SMTP__PORT", "1")
    with pytest.raises(MailError, match=r"127\.0\.0\.1:1 cannot be reached"):
        send_email("a@example.com", "s", "x")


def test_a_subject_cannot_add_headers(mailbox: Mailbox) -> None:
    send_email("a@example.com", "hello\nBcc: evil@example.com", "x")
    assert only(mailbox)["Bcc"] is None
    assert only(mailbox)["Subject"] == "hello Bcc: evil@example.com"


def test_one_connection_sends_many_mails_and_survives_a_server_that_hung_up(mailbox: Mailbox) -> None:
    with SmtpHook() as hook:
        hook.send_email_smtp(to="a@example.com", subject="1", html_content="x")
        assert hook._client is not None
        hook._client.close()
        hook.send_email_smtp(to="a@example.com", subject="2", html_content="x")
        assert hook.test_connection()[0] is True
    assert [message["Subject"] for message in mailbox.messages] == ["1", "2"]


def test_a_password_is_not_sent_in_the_clear_unless_that_is_asked_for(mailbox: Mailbox) -> None:
    unsafe = Connection(conn_type="smtp", host="127.0.0.1", port=mailbox.port, login="u", password="hunter2")
    with pytest.raises(MailError, match="offers no encryption"):
        server_from_connection(unsafe).open()
    unsafe.extra = json.dumps({"disable_tls": True})
    with pytest.raises(MailError, match="refused"):  # it offers no log-in either
        server_from_connection(unsafe).open()


def test_how_to_encrypt_follows_from_extra_and_port() -> None:
    def ways(port: int | None, **extra: Any) -> tuple[int, bool, bool | None]:
        server = server_from_connection(Connection(conn_type="smtp", host="h", port=port, extra=extra))
        return server.port, server.use_ssl, server.use_starttls

    assert ways(465) == (465, True, None)
    assert ways(587) == (587, False, None)
    assert ways(None, disable_ssl=False) == (465, True, None)
    assert ways(465, disable_ssl="true", disable_tls="true") == (465, False, False)
    assert ways(25, disable_tls=False) == (25, False, True)


def test_a_connection_without_a_host_only_logs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETESIAN__SMTP__HOST", "mail.example.com")
    server = server_from_connection(Connection(conn_type="smtp", login="u", password="p"))
    assert (server.host, server.user, server.password) == ("mail.example.com", "u", "p")
    assert "p'" not in repr(server)
    assert server_from_settings().user is None


def test_a_notifier_tells_of_a_task(mailbox: Mailbox) -> None:
    with DAG("dag", start_date=DAY):
        task = EmailOperator(task_id="t", to="x", subject="s")
    context = make_context(task)
    context["exception"] = ValueError("no <customer>")
    SmtpNotifier(to="a@example.com", from_email="b@example.com")(context)
    message = only(mailbox)
    assert message["Subject"] == "DAG dag - Task t - Run run"
    assert "no &lt;customer&gt;" in message.get_payload()[0].get_content()


def test_a_task_that_fails_mails_those_it_names(mailbox: Mailbox) -> None:
    def fail() -> None:
        raise ValueError("no <header>")

    with DAG("etl") as dag:
        common = {"python_callable": fail, "email": ["a@example.com", "b@example.com"]}
        PythonOperator(task_id="both", retries=1, **common)
        PythonOperator(task_id="neither", email_on_failure=False, **common)
    run_dag(dag)
    assert [(message["Subject"], message["X-Recipients"]) for message in mailbox.messages] == [
        ("Task etl.both is up for retry", "a@example.com, b@example.com"),
        ("Task etl.both failed", "a@example.com, b@example.com"),
    ]
    assert "no &lt;header&gt;" in mailbox.messages[-1].get_payload()[0].get_content()


def test_addresses_are_told_apart_however_they_are_written() -> None:
    assert split_addresses(None) == []
    assert split_addresses(["a@x.org, b@x.org", "c@x.org"]) == ["a@x.org", "b@x.org", "c@x.org"]
    assert split_addresses('"Doe Joe" <d@x.org>; e@x.org') == ['"Doe Joe" <d@x.org>', "e@x.org"]
    with pytest.raises(MailError, match="text or a list of texts"):
        split_addresses([5])  # type: ignore[list-item]


def test_a_refusing_server_is_quoted(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any, *_: Any, **__: Any) -> None:
        raise smtplib.SMTPDataError(552, b"too large")

    monkeypatch.setattr(smtplib.SMTP, "sendmail", refuse)
    with pytest.raises(MailError, match="refused the mail"):
        send_email("a@example.com", "s", "x")
    assert MailServer(host="h", port=1, mail_from="m").retry_limit == 3

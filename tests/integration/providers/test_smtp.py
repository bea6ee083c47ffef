"""The provider `smtp` against a mail server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from etesian import DAG
from etesian.testing import run_dag
from tests.integration.providers.conftest import Connect
from tests.servers.mail import Mailbox, running_mail_server

pytestmark = pytest.mark.provider("smtp")


@pytest.fixture
def mailbox(connect: Connect) -> Iterator[Mailbox]:
    with running_mail_server() as mailbox:
        connect(
            "smtp_default",
            conn_type="smtp",
            host="127.0.0.1",
            port=mailbox.port,
            extra={"disable_ssl": True, "disable_tls": True, "from_email": "etl@example.org"},
        )
        yield mailbox


def test_a_mail_is_templated_and_carries_its_files(mailbox: Mailbox, tmp_path: Path) -> None:
    from airflow.providers.smtp.operators.smtp import EmailOperator

    (tmp_path / "report.csv").write_text("day,sold\n")
    with DAG("report", schedule=None) as dag:
        EmailOperator(
            task_id="send",
            to=["ann@example.org", "ben@example.org"],
            bcc="cy@example.org",
            subject="Report of {{ ds }}",
            html_content="<b>{{ dag.dag_id }}</b>",
            files=[str(tmp_path / "report.csv")],
        )

    run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    (mail,) = mailbox.messages
    assert mail["Subject"] == "Report of 2030-01-02"
    assert mail["From"] == "etl@example.org"
    assert mail["X-Recipients"] == "ann@example.org, ben@example.org, cy@example.org"
    body, attachment = mail.iter_parts()
    assert body.get_content().strip() == "<b>report</b>"
    assert attachment.get_filename() == "report.csv"


def test_a_notifier_tells_of_a_failed_task(mailbox: Mailbox) -> None:
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier
    from airflow.providers.standard.operators.bash import BashOperator

    with DAG("broken", schedule=None) as dag:
        BashOperator(
            task_id="broken",
            bash_command="exit 3",
            on_failure_callback=SmtpNotifier(
                to="ann@example.org", subject="{{ ti.task_id }} failed", html_content="{{ run_id }}"
            ),
        )

    result = run_dag(dag, run_id="night")

    assert result.states == {"broken": "failed"}
    assert result.callback_errors == []
    (mail,) = mailbox.messages
    assert mail["Subject"] == "broken failed"
    (body,) = mail.iter_parts()
    assert body.get_content().strip() == "night"


def test_the_hook_of_the_connection_sends_a_mail(mailbox: Mailbox) -> None:
    from airflow.providers.smtp.hooks.smtp import SmtpHook
    from airflow.sdk import task

    with DAG("function", schedule=None) as dag:

        @task
        def send() -> None:
            with SmtpHook() as hook:
                hook.send_email_smtp(to="ann@example.org", subject="hello", html_content="there")

        send()

    run_dag(dag).raise_if_failed()

    assert [mail["Subject"] for mail in mailbox.messages] == ["hello"]

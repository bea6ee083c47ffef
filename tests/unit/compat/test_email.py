"""``airflow.utils.email``."""

from __future__ import annotations

from typing import Any

import pytest

from etesian.compat.support.email import build_mime_message, send_email

SENT: list[tuple[tuple[Any, ...], dict[str, Any]]] = []


def backend(*args: Any, **options: Any) -> None:
    SENT.append((args, options))


def test_the_backend_that_the_options_name_sends_the_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    SENT.clear()
    monkeypatch.setenv("AIRFLOW__EMAIL__EMAIL_BACKEND", f"{__name__}.backend")
    monkeypatch.setenv("AIRFLOW__EMAIL__FROM_EMAIL", "us@example.com")
    send_email("you@example.com", "Late", "<p>again</p>")
    send_email("you@example.com", "Late", "<p>again</p>", conn_id="mine", cc="c@example.com")
    assert [args for args, _ in SENT] == [("you@example.com", "Late", "<p>again</p>")] * 2
    assert [options for _, options in SENT] == [
        {"conn_id": "smtp_default", "from_email": "us@example.com"},
        {"conn_id": "mine", "from_email": "us@example.com", "cc": "c@example.com"},
    ]


def test_a_message_comes_with_all_who_get_it() -> None:
    message, recipients = build_mime_message(
        "us@example.com", "a@example.com", "Late", "<p>again</p>", bcc=["b@example.com"]
    )
    assert recipients == ["a@example.com", "b@example.com"]
    assert message["To"] == "a@example.com"
    assert "b@example.com" not in message.as_string()

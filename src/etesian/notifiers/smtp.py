"""Notices by e-mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from etesian.hooks.smtp import SmtpHook
from etesian.sdk.tasks.notifier import BaseNotifier

if TYPE_CHECKING:
    from etesian.sdk.context import Context

SUBJECT: Final = (
    "DAG {{ dag.dag_id }}{% if ti is defined and ti %} - Task {{ ti.task_id }}{% endif %} - Run {{ run_id }}"
)
HTML: Final = (
    "<p>DAG <b>{{ dag.dag_id }}</b>, run {{ run_id }}</p>"
    "{% if ti is defined and ti %}<p>Task <b>{{ ti.task_id }}</b>: {{ ti.state }}</p>{% endif %}"
    "{% if reason is defined and reason %}<p>{{ reason | e }}</p>{% endif %}"
    "{% if exception is defined and exception %}<pre>{{ exception | string | e }}</pre>{% endif %}"
)


class SmtpNotifier(BaseNotifier):
    """Sends an e-mail about a task or a run; subject and text have defaults that say what happened."""

    template_fields: Sequence[str] = (
        "from_email",
        "to",
        "subject",
        "html_content",
        "files",
        "cc",
        "bcc",
        "mime_subtype",
        "mime_charset",
        "custom_headers",
        "smtp_conn_id",
    )

    def __init__(
        self,
        to: str | Iterable[str],
        from_email: str | None = None,
        subject: str | None = None,
        html_content: str | None = None,
        files: list[str] | None = None,
        cc: str | Iterable[str] | None = None,
        bcc: str | Iterable[str] | None = None,
        mime_subtype: str = "mixed",
        mime_charset: str = "utf-8",
        custom_headers: Mapping[str, Any] | None = None,
        smtp_conn_id: str = SmtpHook.default_conn_name,
        **_: Any,
    ) -> None:
        super().__init__()
        self.to = to
        self.from_email = from_email
        self.subject = SUBJECT if subject is None else subject
        self.html_content = HTML if html_content is None else html_content
        self.files = files
        self.cc = cc
        self.bcc = bcc
        self.mime_subtype = mime_subtype
        self.mime_charset = mime_charset
        self.custom_headers = custom_headers
        self.smtp_conn_id = smtp_conn_id

    def notify(self, context: Context) -> None:
        """Send the e-mail.

        Raises:
            MailError: it cannot be sent.
        """
        with SmtpHook(self.smtp_conn_id) as hook:
            hook.send_email_smtp(
                to=self.to,
                subject=self.subject,
                html_content=self.html_content,
                from_email=self.from_email,
                files=self.files,
                cc=self.cc,
                bcc=self.bcc,
                mime_subtype=self.mime_subtype,
                mime_charset=self.mime_charset,
                custom_headers=self.custom_headers,
            )


#: the name that DAG files use for it as a callback
send_smtp_notification = SmtpNotifier

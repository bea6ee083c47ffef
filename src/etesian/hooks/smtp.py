"""Sending e-mail."""

from __future__ import annotations

import smtplib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from etesian.hooks.base import BaseHook
from etesian.hooks.mail_message import Mail, MailError, split_addresses
from etesian.hooks.mail_server import MailServer, server_from_connection, server_from_settings
from etesian.sdk.exceptions import AirflowNotFoundException

if TYPE_CHECKING:
    from typing import Self


class SmtpHook(BaseHook):
    """A mail server, as a context manager. Without a connection it is that of the settings."""

    conn_name_attr = "smtp_conn_id"
    default_conn_name = "smtp_default"
    conn_type = "smtp"
    hook_name = "SMTP"

    def __init__(self, smtp_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.smtp_conn_id = smtp_conn_id
        self._client: smtplib.SMTP | None = None

    def find_server(self) -> MailServer:
        """Return how to reach the server.

        Raises:
            AirflowNotFoundException: the connection is not defined, and is not ``smtp_default``.
        """
        try:
            return server_from_connection(self.get_connection(self.smtp_conn_id))
        except AirflowNotFoundException:
            if self.smtp_conn_id != self.default_conn_name:
                raise
            return server_from_settings()

    @property
    def from_email(self) -> str:
        """The sender when a mail names none."""
        return self.find_server().mail_from

    def get_conn(self) -> Self:
        """Open the connection, if it is not open, and return this hook."""
        if self._client is None:
            self._client = self.find_server().open()
        return self

    def __enter__(self) -> Self:
        return self.get_conn()

    def __exit__(self, *details: object) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def test_connection(self) -> tuple[bool, str]:
        """Return whether the server answers, and a sentence about it."""
        with self:
            assert self._client is not None
            code, message = self._client.noop()
        return code == 250, message.decode(errors="replace")

    def send_email_smtp(
        self,
        *,
        to: str | Iterable[str],
        subject: str | None = None,
        html_content: str | None = None,
        from_email: str | None = None,
        files: Iterable[str] | None = None,
        dryrun: bool = False,
        cc: str | Iterable[str] | None = None,
        bcc: str | Iterable[str] | None = None,
        mime_subtype: str = "mixed",
        mime_charset: str = "utf-8",
        custom_headers: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Send an HTML e-mail; with ``dryrun`` only build it.

        Raises:
            MailError: it cannot be built, the server cannot be reached, or it refuses the mail.
        """
        server = self.find_server()
        mail = Mail(
            sender=from_email or server.mail_from,
            to=split_addresses(to),
            subject=subject or "",
            html=html_content or "",
            cc=split_addresses(cc),
            bcc=split_addresses(bcc),
            files=list(files or ()),
            mime_subtype=mime_subtype,
            mime_charset=mime_charset,
            headers=custom_headers or {},
        )
        text = mail.build().as_string()
        if not dryrun:
            self._send(server, mail, text)

    def _send(self, server: MailServer, mail: Mail, text: str) -> None:
        for tries_left in reversed(range(max(1, server.retry_limit))):
            try:
                if self._client is None:
                    self._client = server.open()
                refused = self._client.sendmail(mail.sender, mail.recipients, text)
            except smtplib.SMTPServerDisconnected as error:
                self._client = None
                if not tries_left:
                    raise MailError(f"mail server {server.host}:{server.port} hung up: {error}") from error
            except smtplib.SMTPException as error:
                raise MailError(
                    f"mail server {server.host}:{server.port} refused the mail: {error}"
                ) from error
            else:
                if refused:
                    self.log.warning("The mail server refused some recipients: %s", ", ".join(refused))
                return


def send_email(
    to: str | Iterable[str],
    subject: str,
    html_content: str,
    files: Iterable[str] | None = None,
    dryrun: bool = False,
    cc: str | Iterable[str] | None = None,
    bcc: str | Iterable[str] | None = None,
    mime_subtype: str = "mixed",
    mime_charset: str = "utf-8",
    conn_id: str | None = None,
    from_email: str | None = None,
    custom_headers: Mapping[str, Any] | None = None,
    **_: Any,
) -> None:
    """Send one HTML e-mail through the mail server of a connection, by default ``smtp_default``.

    Raises:
        MailError: it cannot be built, the server cannot be reached, or it refuses the mail.
    """
    with SmtpHook(conn_id or SmtpHook.default_conn_name) as hook:
        hook.send_email_smtp(
            to=to,
            subject=subject,
            html_content=html_content,
            from_email=from_email,
            files=files,
            dryrun=dryrun,
            cc=cc,
            bcc=bcc,
            mime_subtype=mime_subtype,
            mime_charset=mime_charset,
            custom_headers=custom_headers,
        )

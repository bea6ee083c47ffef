"""``airflow.utils.email``: sending through the backend that Airflow's options name, and the parts that backends use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from email.mime.multipart import MIMEMultipart
from typing import Any, Final

from etesian.compat.settings.configuration import conf
from etesian.hooks.mail_message import Mail, split_addresses
from etesian.hooks.smtp import send_email as send_email_smtp

__all__ = ["build_mime_message", "get_email_address_list", "send_email", "send_email_smtp"]

_OWN_BACKEND: Final = "airflow.utils.email.send_email_smtp"

#: Airflow's name for it.
get_email_address_list = split_addresses


def send_email(to: str | Iterable[str], subject: str, html_content: str, *args: Any, **options: Any) -> Any:
    """Send one HTML e-mail through the backend of ``[email] email_backend``; without one through ``smtp_default``.

    Raises:
        MailError: it cannot be built, the server cannot be reached, or it refuses the mail.
    """
    if conf.get("email", "email_backend", fallback=_OWN_BACKEND) == _OWN_BACKEND:
        return send_email_smtp(to, subject, html_content, *args, **options)
    backend = conf.getimport("email", "email_backend")
    for option, key in (("conn_id", "email_conn_id"), ("from_email", "from_email")):
        options.setdefault(option, conf.get("email", key, fallback=None))
    return backend(to, subject, html_content, *args, **options)


def build_mime_message(
    mail_from: str | None,
    to: str | Iterable[str],
    subject: str,
    html_content: str,
    files: Iterable[str] | None = None,
    cc: str | Iterable[str] | None = None,
    bcc: str | Iterable[str] | None = None,
    mime_subtype: str = "mixed",
    mime_charset: str = "utf-8",
    custom_headers: Mapping[str, Any] | None = None,
) -> tuple[MIMEMultipart, list[str]]:
    """Return a message as it travels, and all addresses that get it.

    Raises:
        MailError: there is no recipient, or a file cannot be read.
    """
    mail = Mail(
        sender=mail_from or "",
        to=split_addresses(to),
        subject=subject,
        html=html_content,
        cc=split_addresses(cc),
        bcc=split_addresses(bcc),
        files=list(files or ()),
        mime_subtype=mime_subtype,
        mime_charset=mime_charset,
        headers=custom_headers or {},
    )
    return mail.build(), mail.recipients

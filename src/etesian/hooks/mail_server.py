"""Which mail server to use, and how to speak to it: from a connection, or from the settings."""

from __future__ import annotations

import os
import smtplib
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from etesian.config.load import load_settings
from etesian.hooks.mail_message import MailError

if TYPE_CHECKING:
    from etesian.sdk.connections.connection import Connection

#: The port on which TLS comes before the first word.
IMPLICIT_TLS_PORT: Final = 465


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """How to reach a mail server."""

    host: str
    port: int
    mail_from: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    use_ssl: bool = False  #: TLS from the start
    use_starttls: bool | None = None  #: None: if the server offers it
    timeout_seconds: float = 30.0
    retry_limit: int = 3  #: how often a connection that breaks is made again

    def open(self) -> smtplib.SMTP:
        """Return an open connection, logged in.

        Raises:
            MailError: the server cannot be reached, refuses the log-in, or would see the password.
        """
        try:
            if self.use_ssl:
                context = ssl.create_default_context()
                client: smtplib.SMTP = smtplib.SMTP_SSL(
                    self.host, self.port, timeout=self.timeout_seconds, context=context
                )
            else:
                client = smtplib.SMTP(self.host, self.port, timeout=self.timeout_seconds)
        except OSError as error:
            raise MailError(f"mail server {self.host}:{self.port} cannot be reached: {error}") from error
        try:
            self._secure_and_log_in(client)
        except smtplib.SMTPException as error:
            client.close()
            raise MailError(f"mail server {self.host}:{self.port} refused: {error}") from error
        except BaseException:
            client.close()
            raise
        return client

    def _secure_and_log_in(self, client: smtplib.SMTP) -> None:
        is_encrypted = self.use_ssl
        client.ehlo_or_helo_if_needed()
        if not is_encrypted and (
            self.use_starttls or (self.use_starttls is None and client.has_extn("starttls"))
        ):
            client.starttls(context=ssl.create_default_context())
            is_encrypted = True
        if not (self.user and self.password):
            return
        if not is_encrypted and self.use_starttls is None:
            raise MailError(
                f"mail server {self.host}:{self.port} offers no encryption, so the password is not sent; "
                "set disable_tls in the connection's extra to send it all the same"
            )
        client.login(self.user, self.password)


def server_from_settings() -> MailServer:
    """Return the server of the section ``smtp`` of the settings."""
    smtp = load_settings(os.environ).smtp
    return MailServer(
        host=smtp.host,
        port=smtp.port,
        mail_from=smtp.mail_from,
        user=smtp.user,
        password=smtp.password.reveal() if smtp.password else None,
        use_ssl=smtp.ssl,
        use_starttls=smtp.starttls,
        timeout_seconds=smtp.timeout_seconds,
    )


def server_from_connection(connection: Connection) -> MailServer:
    """Return the server of a connection; what the connection does not say is taken from the settings.

    Extras are ``from_email``, ``disable_ssl``, ``disable_tls``, ``timeout`` and ``retry_limit``. Without word
    on encryption port 465 speaks TLS from the start, and another port does as soon as the server offers it.
    """
    settings = server_from_settings()
    if not connection.host:
        return MailServer(
            host=settings.host,
            port=connection.port or settings.port,
            mail_from=settings.mail_from,
            user=connection.login or settings.user,
            password=connection.password or settings.password,
            use_ssl=settings.use_ssl,
            use_starttls=settings.use_starttls,
            timeout_seconds=settings.timeout_seconds,
        )
    extra = connection.extra_dejson
    port = connection.port or (
        IMPLICIT_TLS_PORT if _flag(extra.get("disable_ssl")) is False else settings.port
    )
    no_ssl, no_tls = _flag(extra.get("disable_ssl")), _flag(extra.get("disable_tls"))
    return MailServer(
        host=connection.host,
        port=port,
        mail_from=extra.get("from_email") or settings.mail_from,
        user=connection.login,
        password=connection.password,
        use_ssl=not no_ssl if no_ssl is not None else port == IMPLICIT_TLS_PORT,
        use_starttls=not no_tls if no_tls is not None else None,
        timeout_seconds=float(extra.get("timeout") or settings.timeout_seconds),
        retry_limit=int(extra.get("retry_limit") or settings.retry_limit),
    )


def _flag(value: object) -> bool | None:
    if value is None or value == "":
        return None
    return str(value).strip().lower() in ("true", "1", "yes", "on", "t")

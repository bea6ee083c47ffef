"""A real SMTP server on loopback that keeps what it receives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from tests.e2e.harness import find_free_port


class Mailbox(Message):
    """Takes every message, whoever it is for."""

    def __init__(self) -> None:
        super().__init__(message_class=EmailMessage)
        self.messages: list[EmailMessage] = []
        self.port = 0

    def prepare_message(self, session: object, envelope: object) -> EmailMessage:
        """Parse a message with the modern policy, which decodes headers and bodies."""
        content: bytes = envelope.content  # type: ignore[attr-defined]  # aiosmtpd's envelope
        message = message_from_bytes(content, policy=policy.default)
        message["X-Recipients"] = ", ".join(envelope.rcpt_tos)  # type: ignore[attr-defined]
        return message

    def handle_message(self, message: EmailMessage) -> None:  # type: ignore[override]  # a subclass of Message
        """Keep it."""
        self.messages.append(message)


@contextmanager
def running_mail_server() -> Iterator[Mailbox]:
    """Start the server and stop it at the end."""
    mailbox = Mailbox()
    mailbox.port = find_free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()

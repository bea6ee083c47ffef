"""Building an e-mail: addresses, HTML body, attachments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any

from etesian.sdk.exceptions import AirflowException

_SEPARATORS = re.compile(r"[,;]|\s(?=[^\s<>]+@[^\s<>]+(?:\s|$|[,;]))")


class MailError(AirflowException):
    """An e-mail cannot be built or sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What to send, and to whom."""

    sender: str
    to: Sequence[str]
    subject: str
    html: str
    cc: Sequence[str] = ()
    bcc: Sequence[str] = ()
    files: Sequence[str] = ()
    mime_subtype: str = "mixed"
    mime_charset: str = "utf-8"
    headers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def recipients(self) -> list[str]:
        """All addresses that get it, the hidden ones too; each once."""
        return list(dict.fromkeys([*self.to, *self.cc, *self.bcc]))

    def build(self) -> MIMEMultipart:
        """Return the message as it travels; hidden addresses are not in it.

        Raises:
            MailError: there is no recipient, or a file cannot be read.
        """
        if not self.recipients:
            raise MailError(f"e-mail {self.subject!r} has no recipient: to, cc and bcc are empty")
        message = MIMEMultipart(self.mime_subtype)
        message["Subject"] = " ".join(self.subject.split("\n"))
        message["From"] = self.sender
        message["To"] = ", ".join(self.to)
        if self.cc:
            message["Cc"] = ", ".join(self.cc)
        message["Date"] = formatdate(localtime=True)
        message["Message-ID"] = make_msgid()
        for name, value in self.headers.items():
            del message[name]
            message[name] = str(value)
        message.attach(MIMEText(self.html, "html", self.mime_charset))
        for file in self.files:
            message.attach(_attachment(Path(file)))
        return message


def split_addresses(addresses: str | Iterable[str] | None) -> list[str]:
    """Return the addresses of a text that separates them by commas, semicolons or blanks, or of a collection.

    Raises:
        MailError: it is neither.

    >>> split_addresses("a@x.org, Bob <b@x.org>; c@x.org d@x.org")
    ['a@x.org', 'Bob <b@x.org>', 'c@x.org', 'd@x.org']
    """
    if addresses is None:
        return []
    if isinstance(addresses, str):
        return [part.strip() for part in _SEPARATORS.split(addresses) if part.strip()]
    parts = list(addresses) if isinstance(addresses, Iterable) else [addresses]
    if not all(isinstance(part, str) for part in parts):
        raise MailError(f"e-mail addresses must be text or a list of texts, got {addresses!r}")
    return [address for part in parts for address in split_addresses(part)]


def _attachment(path: Path) -> MIMEApplication:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MailError(f"the file {path} cannot be attached: {error.strerror}") from error
    attachment = MIMEApplication(content, Name=path.name)
    attachment["Content-Disposition"] = f'attachment; filename="{path.name}"'
    attachment["Content-ID"] = f"<{path.name}>"
    return attachment

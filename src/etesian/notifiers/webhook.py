"""Notices to a web address: Slack, Teams, Mattermost and all that take JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from etesian.sdk.exceptions import AirflowException
from etesian.sdk.tasks.notifier import BaseNotifier

if TYPE_CHECKING:
    from etesian.sdk.context import Context

TEXT: Final = (
    "DAG {{ dag.dag_id }}{% if ti is defined and ti %}, task {{ ti.task_id }} is {{ ti.state }}{% endif %}"
    " (run {{ run_id }}){% if reason is defined and reason %}: {{ reason }}{% endif %}"
)


class WebhookError(AirflowException):
    """A web address did not take a notice. The message names its host only: the address may hold a token."""


class WebhookNotifier(BaseNotifier):
    """Posts JSON to a web address: ``{"text": ...}``, as Slack and its kin want it, or your own payload."""

    template_fields: Sequence[str] = ("url", "text", "payload", "headers")

    def __init__(
        self,
        url: str,
        *,
        text: str | None = None,
        payload: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float = 10.0,
    ) -> None:
        super().__init__()
        self.url = url
        self.text = TEXT if text is None else text
        self.payload = payload
        self.headers = headers
        self.timeout_seconds = timeout_seconds

    def notify(self, context: Context) -> None:
        """Post the notice.

        Raises:
            WebhookError: the address is none, cannot be reached, or refuses it.
        """
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https"):
            raise WebhookError(
                f"a webhook needs an address with http or https, got one with {parts.scheme or 'none'!r}"
            )
        body = json.dumps(self.payload if self.payload is not None else {"text": self.text}).encode()
        request = Request(
            self.url,
            data=body,
            method="POST",
            headers={"Content-Type": "application/json", **(self.headers or {})},
        )
        try:
            with urlopen(request, timeout=self.timeout_seconds):
                self.log.info("Notified %s", parts.hostname)
        except HTTPError as error:
            detail = error.read(500).decode(errors="replace")
            raise WebhookError(
                f"{parts.hostname} refused the notice with status {error.code}: {detail}"
            ) from error
        except (URLError, TimeoutError) as error:
            raise WebhookError(f"{parts.hostname} cannot be reached: {error}") from error

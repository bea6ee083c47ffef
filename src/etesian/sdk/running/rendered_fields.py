"""What a task's template fields were in one run, for people to look at: secrets masked, long values cut."""

from __future__ import annotations

import json
from typing import Any, Final

from etesian.protocol.requests import SetRenderedFields
from etesian.sdk.connections.secrets_masker import redact
from etesian.sdk.params.plain_data import as_plain
from etesian.sdk.runtime import current_platform
from etesian.sdk.xcoms.xcom_arg import ArgNotSet

#: Longer values are cut: the page shows what went in, it does not archive it.
MAX_FIELD_CHARACTERS: Final = 4096


def collect_rendered_fields(task: Any) -> dict[str, Any]:
    """Return the template fields that have a value, as JSON, masked and cut."""
    fields = {}
    for name in task.template_fields:
        value = getattr(task, name, None)
        if not isinstance(value, ArgNotSet | None) and value not in ((), [], {}, ""):
            fields[name] = _cut(redact(as_plain(value), name))
    return fields


def send_rendered_fields(task: Any, attempt_id: str) -> None:
    """Tell the platform the fields of a task, if there are any to tell."""
    fields = collect_rendered_fields(task)
    if fields:
        current_platform().ask(SetRenderedFields(attempt_id=attempt_id, fields=json.dumps(fields).encode()))


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return _cut_text(value)
    text = json.dumps(value)
    return value if len(text) <= MAX_FIELD_CHARACTERS else _cut_text(text)


def _cut_text(text: str) -> str:
    if len(text) <= MAX_FIELD_CHARACTERS:
        return text
    return f"{text[:MAX_FIELD_CHARACTERS]}... ({len(text) - MAX_FIELD_CHARACTERS} more characters)"

"""Reading the JSON object that a run is given."""

from __future__ import annotations

from typing import Any

import msgspec

from etesian.cli.errors import UsageError
from etesian.foundation.json_errors import JSON_ERRORS, explain_json_error


def read_conf(text: str | None, option: str = "--conf") -> dict[str, Any]:  # Any: JSON
    """Return the JSON object of an option; an empty one if it was not given.

    Raises:
        UsageError: it is not a JSON object.
    """
    if text is None:
        return {}
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except JSON_ERRORS as error:
        why = explain_json_error(error)
        raise UsageError(f"{option} must be a JSON object, such as '{{\"day\": 1}}': {why}") from error

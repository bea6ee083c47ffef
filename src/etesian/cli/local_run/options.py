"""Options that commands which run a DAG share."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])  # Any: a command takes what its options say


def conf_option(command: _Command) -> _Command:
    """Give a command ``--conf`` as its argument ``conf``, a dict."""
    return click.option(
        "--conf", default="{}", metavar="JSON", callback=_read, help="The run's configuration, a JSON object."
    )(command)


def _read(_context: click.Context, _parameter: click.Parameter, text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise click.BadParameter(f'must be a JSON object such as {{"key": 1}}, got {text!r}')
    return value

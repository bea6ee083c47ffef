"""Options that commands which run a DAG share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from etesian.cli.conf import read_conf

_Command = TypeVar("_Command", bound=Callable[..., Any])  # Any: a command takes what its options say


def conf_option(command: _Command) -> _Command:
    """Give a command ``--conf`` as its argument ``conf``, a dict."""
    return click.option(
        "--conf", default="{}", metavar="JSON", callback=_read, help="The run's configuration, a JSON object."
    )(command)


def _read(_context: click.Context, _parameter: click.Parameter, text: str) -> dict[str, Any]:  # Any: JSON
    return read_conf(text)

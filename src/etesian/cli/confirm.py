"""Asking before something is lost."""

from __future__ import annotations

import sys

from click import termui

from etesian.cli.errors import UsageError


def confirm(question: str) -> None:
    """Go on if the user says yes.

    Raises:
        UsageError: there is nobody to ask.
        click.Abort: the user says no.
    """
    if not sys.stdin.isatty():
        raise UsageError("this cannot be undone and nobody can be asked here; say --yes if it is meant")
    termui.confirm(question, abort=True)

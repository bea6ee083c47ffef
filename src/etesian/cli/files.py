"""Reading and writing the JSON files of ``import`` and ``export``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from etesian.cli.errors import CommandError, NotFoundError, UsageError
from etesian.foundation.json_errors import JSON_ERRORS, explain_json_error

T = TypeVar("T")


def read_text(file: str) -> str:
    """Return the text of a file; ``-`` is standard input.

    Raises:
        NotFoundError: there is no such file.
        CommandError: it cannot be read.
        UsageError: it is not UTF-8.
    """
    try:
        return (sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()).decode()
    except FileNotFoundError as error:
        raise NotFoundError("file", file) from error
    except OSError as error:
        raise CommandError(f"{file!r} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file!r} cannot be read: {explain_json_error(error)}") from error


def read_json(file: str, shape: type[T]) -> T:
    """Return what a JSON file holds.

    Raises:
        UsageError: it is not JSON, or has another shape.
    """
    try:
        return msgspec.json.decode(read_text(file), type=shape)
    except JSON_ERRORS as error:
        raise UsageError(f"{file!r} cannot be imported: {explain_json_error(error, shape)}") from error


def write_json(file: str, value: object) -> None:
    """Write JSON to a file, as ``write_text`` does."""
    data = msgspec.json.encode(value, order="deterministic")
    write_text(file, msgspec.json.format(data, indent=2).decode() + "\n")


def write_text(file: str, text: str) -> None:
    """Write a file that only its owner may read (exports hold secrets); ``-`` is standard output.

    Raises:
        CommandError: it cannot be written.
    """
    if file == "-":
        click.echo(text, nl=False)
        return
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as target:
            target.write(text)
    except OSError as error:
        raise CommandError(f"{file!r} cannot be written: {error.strerror}") from error
    click.echo(f"Written to {file}.")

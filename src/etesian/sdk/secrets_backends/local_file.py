"""Connections and variables from files: JSON, YAML, or lines of ``name=value``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from etesian.sdk.exceptions import (
    AirflowFileParseException,
    AirflowUnsupportedFileTypeException,
    ConnectionNotUnique,
    VariableNotUnique,
)
from etesian.sdk.secrets_backends.base import BaseSecretsBackend


class LocalFilesystemBackend(BaseSecretsBackend):
    """Reads its files when it is made; they hold one object of name to value.

    A connection is a URI, or an object of its parts. A variable that is no text is kept as JSON.

    Raises:
        AirflowUnsupportedFileTypeException: a file does not end in json, yaml, yml or env.
        AirflowFileParseException: a file cannot be read.
    """

    def __init__(
        self,
        variables_file_path: str | None = None,
        connections_file_path: str | None = None,
        configs_file_path: str | None = None,
    ) -> None:
        self._variables = read_secrets_file(variables_file_path, VariableNotUnique)
        self._connections = read_secrets_file(connections_file_path, ConnectionNotUnique)
        self._configs = read_secrets_file(configs_file_path, VariableNotUnique)

    def get_conn_value(self, conn_id: str) -> str | None:
        """Return a connection as a URI or as JSON, or None."""
        return self._connections.get(conn_id)

    def get_variable(self, key: str) -> str | None:
        """Return a variable's text, or None."""
        return self._variables.get(key)

    def get_config(self, key: str) -> str | None:
        """Return a setting's text, or None."""
        return self._configs.get(key)


def read_secrets_file(
    path_text: str | None, not_unique: type[Exception] = VariableNotUnique
) -> Mapping[str, str]:
    """Return what a file holds: name to text, or to JSON where the value is no text; no path, no values.

    Raises:
        AirflowUnsupportedFileTypeException: it does not end in json, yaml, yml or env.
        AirflowFileParseException: it cannot be read.
    """
    if not path_text:
        return {}
    path = Path(path_text)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise AirflowFileParseException(
            f"the file cannot be read: {error.strerror}", file_path=path_text
        ) from error
    pairs = _parse(text, path, not_unique)
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in pairs.items()}


def _parse(text: str, path: Path, not_unique: type[Exception]) -> dict[str, Any]:
    match path.suffix.lower():
        case ".json":
            pairs = _parse_json(text, path)
        case ".yaml" | ".yml":
            pairs = _parse_yaml(text, path)
        case ".env":
            return _parse_lines(text, path, not_unique)
        case suffix:
            raise AirflowUnsupportedFileTypeException(
                f"secrets file {path} ends in {suffix or 'nothing'!r}; use .json, .yaml, .yml or .env"
            )
    if not isinstance(pairs, dict):
        raise AirflowFileParseException("the file must hold one object of name to value", file_path=str(path))
    return pairs


def _parse_json(text: str, path: Path) -> Any:
    try:
        return json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise AirflowFileParseException(
            f"the file is not valid JSON: {error}", file_path=str(path)
        ) from error


def _parse_yaml(text: str, path: Path) -> Any:
    try:
        yaml = import_module("yaml")
    except ModuleNotFoundError as error:
        raise AirflowFileParseException("YAML files need the package pyyaml", file_path=str(path)) from error
    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise AirflowFileParseException(
            f"the file is not valid YAML: {error}", file_path=str(path)
        ) from error


def _parse_lines(text: str, path: Path, not_unique: type[Exception]) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, separator, value = line.partition("=")
        if not separator:
            raise AirflowFileParseException(
                f"line {number} has no '=': name=value is needed", file_path=str(path)
            )
        if name.strip() in pairs:
            raise not_unique(f"{name.strip()!r} is there twice in {path}, the second time in line {number}")
        pairs[name.strip()] = value.strip()
    return pairs

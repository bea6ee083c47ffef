"""The backends that this process asks, in order: those of the settings, then the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final

from etesian.config.load import load_settings
from etesian.config.settings import SecretsSettings
from etesian.foundation.errors import EtesianError
from etesian.sdk.secrets_backends.base import BaseSecretsBackend
from etesian.sdk.secrets_backends.environment import EnvironmentVariablesBackend

_ENVIRONMENT: Final = EnvironmentVariablesBackend()
_active: tuple[BaseSecretsBackend, ...] | None = None


class SecretsBackendError(EtesianError):
    """The configured secrets backend cannot be used."""


def active_backends() -> Sequence[BaseSecretsBackend]:
    """Return the backends to ask before the platform, the first one first.

    Raises:
        SecretsBackendError: the settings name one that cannot be used.
    """
    if _active is None:
        set_backends(load_backends(load_settings(os.environ).secrets))
    return _active or ()


def set_backends(backends: Sequence[BaseSecretsBackend] | None) -> None:
    """Ask ``backends`` before the environment from now on, in this process; None: those of the settings."""
    global _active  # one process has one configuration
    _active = None if backends is None else (*backends, _ENVIRONMENT)


def load_backends(settings: SecretsSettings) -> list[BaseSecretsBackend]:
    """Return the backends that the settings name.

    Raises:
        SecretsBackendError: one cannot be made, or the arguments are no JSON object of class to arguments.
    """
    given = settings.backend_arguments
    try:
        arguments = json.loads(given.reveal()) if given else {}
    except ValueError as error:
        raise SecretsBackendError(f"secrets.backend_arguments is not valid JSON: {error}") from error
    if not isinstance(arguments, dict) or not all(isinstance(value, dict) for value in arguments.values()):
        raise SecretsBackendError("secrets.backend_arguments must be a JSON object of class to arguments")
    if strangers := sorted(arguments.keys() - set(settings.backends)):
        raise SecretsBackendError(
            f"secrets.backend_arguments has {', '.join(strangers)}, which secrets.backends does not name"
        )
    return [load_backend(class_path, arguments.get(class_path, {})) for class_path in settings.backends]


def load_backend(class_path: str, arguments: Mapping[str, Any]) -> BaseSecretsBackend:
    """Return the backend of an import path.

    Raises:
        SecretsBackendError: there is no such class, or it refuses its arguments.
    """
    module, _, name = class_path.rpartition(".")
    try:
        backend_class = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise SecretsBackendError(f"secrets backend {class_path!r} cannot be imported: {error}") from error
    try:
        backend: BaseSecretsBackend = backend_class(**arguments)
    except TypeError as error:
        raise SecretsBackendError(f"secrets backend {class_path!r} refuses its arguments: {error}") from error
    return backend

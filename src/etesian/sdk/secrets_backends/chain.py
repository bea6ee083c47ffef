"""The backends that this process asks, in order: those configured, then the environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from etesian.foundation.errors import EtesianError
from etesian.sdk.secrets_backends.base import BaseSecretsBackend
from etesian.sdk.secrets_backends.environment import EnvironmentVariablesBackend

_ENVIRONMENT = EnvironmentVariablesBackend()
_active: tuple[BaseSecretsBackend, ...] = (_ENVIRONMENT,)


class SecretsBackendError(EtesianError):
    """The configured secrets backend cannot be used."""


def active_backends() -> Sequence[BaseSecretsBackend]:
    """Return the backends to ask before the platform, the first one first."""
    return _active


def set_backends(backends: Sequence[BaseSecretsBackend]) -> None:
    """Ask ``backends`` before the environment from now on, in this process."""
    global _active  # one process has one configuration
    _active = (*backends, _ENVIRONMENT)


def load_backend(class_path: str, arguments: Mapping[str, Any]) -> BaseSecretsBackend:
    """Return the backend that a setting names.

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

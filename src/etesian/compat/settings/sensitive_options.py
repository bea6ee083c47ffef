"""Options that are better not written down: ``KEY_cmd`` names a command that prints one, ``KEY_secret`` a secret."""

from __future__ import annotations

import json
import shlex
import subprocess
from typing import Final

from etesian.sdk.exceptions import AirflowConfigException
from etesian.sdk.secrets_backends.base import BaseSecretsBackend
from etesian.sdk.secrets_backends.chain import load_backend

#: The options of which Airflow accepts the two other spellings.
SENSITIVE: Final = frozenset(
    {
        ("core", "fernet_key"),
        ("core", "sql_alchemy_conn"),
        ("database", "sql_alchemy_conn"),
        ("database", "sql_alchemy_conn_async"),
        ("database", "sql_alchemy_engine_args"),
        ("celery", "broker_url"),
        ("celery", "flower_basic_auth"),
        ("celery", "result_backend"),
        ("smtp", "smtp_user"),
        ("smtp", "smtp_password"),
        ("api", "secret_key"),
        ("api_auth", "jwt_secret"),
        ("webserver", "secret_key"),
        ("secrets", "backend_kwargs"),
        ("sentry", "sentry_dsn"),
        ("elasticsearch", "host"),
        ("opensearch", "host"),
        ("opensearch", "username"),
        ("opensearch", "password"),
    }
)


def run_option_command(command: str) -> str:
    """Return what a command prints, without the line end.

    Raises:
        AirflowConfigException: it fails, or is not there; the message does not repeat what it printed.
    """
    try:
        done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=True)
    except (OSError, ValueError) as error:
        raise AirflowConfigException(
            f"the command {command!r} of an option cannot be run: {error}"
        ) from error
    except subprocess.CalledProcessError as error:
        raise AirflowConfigException(
            f"the command {command!r} of an option failed with exit code {error.returncode}"
        ) from error
    return done.stdout.rstrip("\n")


def load_option_backend(backend: str, arguments: str) -> BaseSecretsBackend:
    """Return the secrets backend of an import path, made with the arguments of a JSON object.

    Raises:
        AirflowConfigException: it cannot be made.
    """
    try:
        return load_backend(backend, json.loads(arguments or "{}"))
    except Exception as error:  # a backend's library may raise anything
        raise AirflowConfigException(f"{_UNREACHABLE}\n{error}") from error


def ask_option_backend(backend: str, arguments: str, secret: str) -> str | None:
    """Return the option that a secrets backend keeps under a name; None when it has none, or there is no backend.

    Raises:
        AirflowConfigException: the backend cannot be made or asked.
    """
    if not backend:
        return None
    loaded = load_option_backend(backend, arguments)
    try:
        return loaded.get_config(secret)
    except Exception as error:  # a backend's library may raise anything
        raise AirflowConfigException(f"{_UNREACHABLE}\n{error}") from error


_UNREACHABLE: Final = (
    "Cannot retrieve config from alternative secrets backend. "
    "Make sure it is configured properly and that the Backend is accessible."
)

"""Connections, variables and settings from HashiCorp Vault, through its client library ``hvac``."""

from __future__ import annotations

import json
from functools import cached_property
from importlib import import_module
from typing import Any

from etesian.foundation.errors import EtesianError
from etesian.sdk.secrets_backends.base import BaseSecretsBackend


class VaultError(EtesianError):
    """Vault cannot be used: the library is missing, or the log-in failed."""


class VaultBackend(BaseSecretsBackend):
    """Reads ``<mount_point>/<..._path>/<name>`` of a key-value engine.

    A variable is the secret's field ``value``; a connection is its field ``conn_uri``, or the fields of the
    connection's parts. A path of None switches that kind off. ``token`` or ``token_path`` log in; so do
    ``role_id`` and ``secret_id`` (AppRole).
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        connections_path: str | None = "connections",
        variables_path: str | None = "variables",
        config_path: str | None = "config",
        mount_point: str = "secret",
        kv_engine_version: int = 2,
        namespace: str | None = None,
        token: str | None = None,
        token_path: str | None = None,
        role_id: str | None = None,
        secret_id: str | None = None,
        verify: bool | str = True,
    ) -> None:
        self._paths = {"connections": connections_path, "variables": variables_path, "config": config_path}
        self._mount_point = mount_point
        self._kv_engine_version = kv_engine_version
        self._client_arguments = {"url": url, "namespace": namespace, "token": token, "verify": verify}
        self._token_path = token_path
        self._role = (role_id, secret_id)

    def __repr__(self) -> str:
        return f"VaultBackend(url={self._client_arguments['url']!r}, mount_point={self._mount_point!r})"

    def get_conn_value(self, conn_id: str) -> str | None:
        """Return a connection as a URI or as JSON, or None."""
        secret = self._read("connections", conn_id)
        if secret is None:
            return None
        uri = secret.get("conn_uri")
        return str(uri) if uri else json.dumps(secret)

    def get_variable(self, key: str) -> str | None:
        """Return a variable's text, or None."""
        return self._value("variables", key)

    def get_config(self, key: str) -> str | None:
        """Return a setting's text, or None."""
        return self._value("config", key)

    def _value(self, kind: str, name: str) -> str | None:
        secret = self._read(kind, name)
        value = None if secret is None else secret.get("value")
        return value if value is None or isinstance(value, str) else json.dumps(value)

    def _read(self, kind: str, name: str) -> dict[str, Any] | None:
        path = self._paths[kind]
        if path is None:
            return None
        engine = self._client.secrets.kv
        invalid_path = import_module("hvac.exceptions").InvalidPath
        try:
            if self._kv_engine_version == 1:
                answer = engine.v1.read_secret(path=f"{path}/{name}", mount_point=self._mount_point)
                return dict(answer["data"])
            answer = engine.v2.read_secret_version(
                path=f"{path}/{name}", mount_point=self._mount_point, raise_on_deleted_version=True
            )
            return dict(answer["data"]["data"])
        except invalid_path:
            return None

    @cached_property
    def _client(self) -> Any:
        try:
            hvac = import_module("hvac")
        except ModuleNotFoundError as error:
            raise VaultError("the Vault backend needs the package hvac: pip install hvac") from error
        client = hvac.Client(
            **{name: value for name, value in self._client_arguments.items() if value is not None}
        )
        role_id, secret_id = self._role
        if self._token_path:
            with open(self._token_path, encoding="utf-8") as file:
                client.token = file.read().strip()
        elif role_id:
            client.auth.approle.login(role_id=role_id, secret_id=secret_id)
        if not client.is_authenticated():
            raise VaultError(f"Vault at {client.url} refused the log-in; check the token, token_path or role")
        return client

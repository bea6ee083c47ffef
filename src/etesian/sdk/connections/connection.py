"""Connections: where another system is and how to get in. Passwords never show in a repr or in a log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from etesian.protocol.requests import FoundConnection, GetConnection
from etesian.sdk.connections.connection_uri import (
    InvalidConnectionError,
    build_connection_uri,
    normalize_connection_type,
    parse_connection_uri,
)
from etesian.sdk.connections.hook_registry import make_hook
from etesian.sdk.connections.secrets_masker import mask_secret
from etesian.sdk.exceptions import AirflowNotFoundException
from etesian.sdk.runtime import ask, has_platform
from etesian.sdk.secrets_backends.chain import active_backends

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARTS = ("conn_type", "description", "host", "login", "password", "schema", "port", "extra")


class Connection:
    """One connection, made of its parts or of a URI; ``extra`` is JSON, given as text or as a dict.

    Raises:
        InvalidConnectionError: both a URI and parts were given, or a part cannot be what it is.

    >>> Connection(conn_id="db", uri="postgres://app:secret@db.example.com:5432/shop").host
    'db.example.com'
    """

    def __init__(
        self,
        conn_id: str | None = None,
        conn_type: str | None = None,
        description: str | None = None,
        host: str | None = None,
        login: str | None = None,
        password: str | None = None,
        schema: str | None = None,
        port: int | str | None = None,
        extra: str | dict[str, Any] | None = None,
        uri: str | None = None,
    ) -> None:
        parts: dict[str, Any] = {
            "conn_type": conn_type,
            "host": host,
            "login": login,
            "password": password,
            "schema": schema,
            "port": port,
            "extra": extra,
        }
        if uri is not None:
            if any(value for value in parts.values()):
                raise InvalidConnectionError(
                    f"connection {conn_id!r} has a uri and parts of its own; give one or the other"
                )
            parts = parse_connection_uri(uri)
        self.conn_id = conn_id
        self.description = description
        self.conn_type: str | None = parts["conn_type"]
        self.host: str | None = parts["host"]
        self.login: str | None = parts["login"]
        self.password: str | None = parts["password"]
        self.schema: str | None = parts["schema"]
        self.port = _to_port(parts["port"], conn_id)
        self.extra: str | None = (
            json.dumps(parts["extra"]) if isinstance(parts["extra"], dict) else parts["extra"]
        )
        self._mask()

    @classmethod
    def get(cls, conn_id: str) -> Connection:
        """Return a connection: from the secrets backends, then the environment, then the platform.

        Raises:
            AirflowNotFoundException: it is not defined, or no name was given.
        """
        if not conn_id:
            raise AirflowNotFoundException(
                f"a connection is asked for by the name {conn_id!r}; give a conn_id"
            )
        for backend in active_backends():
            found = backend.get_connection(conn_id)
            if found is not None:
                return cls.from_text(found, conn_id) if isinstance(found, str) else found
        if has_platform():
            answer = ask(GetConnection(conn_id=conn_id), FoundConnection)
            if answer.found:
                return cls.from_answer(answer)
        raise AirflowNotFoundException(
            f"The conn_id `{conn_id}` isn't defined; add it with `etesian connections add {conn_id}` or set "
            f"ETESIAN_CONN_{conn_id.upper()}"
        )

    #: the name in Airflow 2
    get_connection_from_secrets = get

    @classmethod
    def from_answer(cls, answer: FoundConnection) -> Connection:
        """Return the connection that the platform found."""
        return cls(
            conn_id=answer.conn_id,
            conn_type=answer.conn_type,
            description=answer.description,
            host=answer.host,
            login=answer.login,
            password=answer.password,
            schema=answer.schema,
            port=answer.port,
            extra=answer.extra,
        )

    @classmethod
    def from_uri(cls, uri: str, conn_id: str | None = None) -> Connection:
        """Return the connection that a URI describes."""
        return cls(conn_id=conn_id, uri=uri)

    @classmethod
    def from_json(cls, value: str, conn_id: str | None = None) -> Connection:
        """Return the connection that a JSON object describes; ``uri`` may stand for the parts.

        Raises:
            InvalidConnectionError: it is no JSON object, or has a key that connections do not have.
        """
        try:
            parts = json.loads(value)
        except ValueError as error:
            raise InvalidConnectionError(f"connection {conn_id!r} is not valid JSON: {error}") from error
        return cls.from_dict(parts, conn_id)

    @classmethod
    def from_dict(cls, parts: Mapping[str, Any], conn_id: str | None = None) -> Connection:
        """Return the connection that a dict of its parts describes.

        Raises:
            InvalidConnectionError: it is not a dict, or has a key that connections do not have.
        """
        if not isinstance(parts, dict):
            raise InvalidConnectionError(
                f"connection {conn_id!r} must be an object, got {type(parts).__name__}"
            )
        given = {key: value for key, value in parts.items() if key not in ("conn_id", "id")}
        unknown = sorted(given.keys() - {*_PARTS, "uri"})
        if unknown:
            raise InvalidConnectionError(
                f"connection {conn_id!r} has no {', '.join(unknown)}; there are {', '.join(_PARTS)} and uri"
            )
        if given.get("conn_type"):
            given["conn_type"] = normalize_connection_type(given["conn_type"])
        return cls(conn_id=conn_id or parts.get("conn_id"), **given)

    @classmethod
    def from_text(cls, text: str, conn_id: str | None = None) -> Connection:
        """Return the connection that a text describes, in JSON or as a URI."""
        stripped = text.strip()
        return (
            cls.from_json(stripped, conn_id) if stripped.startswith("{") else cls.from_uri(stripped, conn_id)
        )

    @property
    def extra_dejson(self) -> dict[str, Any]:
        """``extra`` as a dict; an empty one when it is no JSON object."""
        return self.get_extra_dejson()

    def get_extra_dejson(self, nested: bool = False) -> dict[str, Any]:
        """Return ``extra`` as a dict; with ``nested``, texts in it that are JSON are read as well."""
        try:
            loaded = json.loads(self.extra or "{}")
        except ValueError:
            return {}
        if not isinstance(loaded, dict):
            return {}
        return {key: _load_nested(value) for key, value in loaded.items()} if nested else loaded

    def get_uri(self) -> str:
        """Return the connection as a URI, with its password."""
        return build_connection_uri(self.to_dict(raw_extra=True))

    def to_dict(
        self, *, prune_empty: bool = False, validate: bool = True, raw_extra: bool = False
    ) -> dict[str, Any]:
        """Return the parts, with the password; ``extra`` as a dict unless its raw text is asked for."""
        parts: dict[str, Any] = {"conn_id": self.conn_id, **{name: getattr(self, name) for name in _PARTS}}
        if not raw_extra:
            parts["extra"] = self.extra_dejson
        return (
            {name: value for name, value in parts.items() if value not in (None, "", {})}
            if prune_empty
            else parts
        )

    def as_json(self) -> str:
        """Return the parts that are set, as JSON, without the id."""
        parts = self.to_dict(prune_empty=True)
        parts.pop("conn_id", None)
        return json.dumps(parts)

    def get_password(self) -> str | None:
        """Return the password."""
        return self.password

    def get_hook(self, *, hook_params: dict[str, Any] | None = None) -> Any:
        """Return a hook that speaks to this connection.

        Raises:
            UnknownHookError: no hook is known for its type.
        """
        return make_hook(normalize_connection_type(self.conn_type or ""), self.conn_id or "", hook_params)

    def test_connection(self) -> tuple[bool, str]:
        """Return whether the other system can be reached, and a sentence about it."""
        try:
            hook = self.get_hook()
            if not hasattr(hook, "test_connection"):
                return False, f"hook {type(hook).__name__} cannot test connections"
            found, message = hook.test_connection()
        except Exception as error:
            return False, str(error)
        return bool(found), str(message)

    def _mask(self) -> None:
        if self.password:
            mask_secret(self.password)
        for key, value in self.extra_dejson.items():
            mask_secret(value, key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Connection) and self.to_dict(raw_extra=True) == other.to_dict(raw_extra=True)

    def __hash__(self) -> int:
        return hash(self.conn_id)

    def __repr__(self) -> str:
        place = f"{self.host or ''}{f':{self.port}' if self.port else ''}"
        return f"Connection(conn_id={self.conn_id!r}, conn_type={self.conn_type!r}, host={place!r})"

    def __str__(self) -> str:
        return self.conn_id or ""


def _to_port(port: Any, conn_id: str | None) -> int | None:
    if port is None or port == "":
        return None
    try:
        return int(port)
    except (TypeError, ValueError) as error:
        raise InvalidConnectionError(
            f"the port of connection {conn_id!r} must be a number, got {port!r}"
        ) from error


def _load_nested(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value

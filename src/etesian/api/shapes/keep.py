"""Requests and answers about what installations keep: pools, variables and connections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=250)]
Text = Annotated[str, msgspec.Meta(max_length=1_000_000)]


class PoolResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One pool and how full it is. ``open_slots`` of a pool without limit is -1."""

    name: str
    slots: int
    description: str | None
    include_deferred: bool
    occupied_slots: int
    running_slots: int
    queued_slots: int
    scheduled_slots: int
    deferred_slots: int
    open_slots: int


class PoolCollectionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """All pools."""

    pools: Sequence[PoolResponse]
    total_entries: int


class PoolBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new pool."""

    name: Key
    slots: Annotated[int, msgspec.Meta(ge=-1)]
    description: str | None = None
    include_deferred: bool = False


class PatchPoolBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change a pool. What is left out stays."""

    name: Key | None = None
    slots: Annotated[int, msgspec.Meta(ge=-1)] | None = None
    description: str | None = None
    include_deferred: bool | None = None


class VariableResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One variable; the value of one with a telling name is masked."""

    key: str
    value: str
    description: str | None
    is_encrypted: bool


class VariableCollectionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One page of variables."""

    variables: Sequence[VariableResponse]
    total_entries: int


class VariableBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A variable. A value that is not text is kept as JSON."""

    key: Key
    value: object
    description: Text | None = None


class ConnectionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One connection. The password and secrets in ``extra`` are masked."""

    connection_id: str
    conn_type: str
    description: str | None
    host: str | None
    login: str | None
    schema: str | None
    port: int | None
    password: str | None
    extra: str | None


class ConnectionCollectionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One page of connections."""

    connections: Sequence[ConnectionResponse]
    total_entries: int


class ConnectionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new connection."""

    connection_id: Key
    conn_type: Key
    description: Text | None = None
    host: Text | None = None
    login: Text | None = None
    schema: Text | None = None
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] | None = None
    password: Text | None = None
    extra: Text | None = None


class PatchConnectionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change a connection. What is left out stays; the id, if it is given, is that of the path."""

    connection_id: Key | None = None
    conn_type: Key | msgspec.UnsetType = msgspec.UNSET
    description: Text | msgspec.UnsetType | None = msgspec.UNSET
    host: Text | msgspec.UnsetType | None = msgspec.UNSET
    login: Text | msgspec.UnsetType | None = msgspec.UNSET
    schema: Text | msgspec.UnsetType | None = msgspec.UNSET
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] | msgspec.UnsetType | None = msgspec.UNSET
    password: Text | msgspec.UnsetType | None = msgspec.UNSET
    extra: Text | msgspec.UnsetType | None = msgspec.UNSET

"""Which hook class speaks to which type of connection. Provider packages register theirs here too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from etesian.sdk.exceptions import AirflowException


@dataclass(frozen=True, slots=True, kw_only=True)
class HookEntry:
    """Where to find a hook class, and which of its arguments takes the connection's id."""

    class_path: str
    connection_id_argument: str


HookSource = Callable[[str], HookEntry | None]

_entries: Final[dict[str, HookEntry]] = {}
_sources: Final[list[HookSource]] = []


class UnknownHookError(AirflowException):
    """No hook is known for a type of connection."""


def register_hook(connection_type: str, class_path: str, connection_id_argument: str) -> None:
    """Let connections of a type be used through a hook class; the last registration counts."""
    _entries[connection_type] = HookEntry(
        class_path=class_path, connection_id_argument=connection_id_argument
    )


def add_hook_source(source: HookSource) -> None:
    """Let ``source`` be asked for the hook of a connection type, before those that are registered."""
    _sources.append(source)


def make_hook(connection_type: str, connection_id: str, arguments: dict[str, Any] | None = None) -> Any:
    """Return a new hook for a connection.

    Raises:
        UnknownHookError: no hook is registered for the type.
    """
    found = (source(connection_type) for source in _sources)
    entry = next((entry for entry in found if entry is not None), _entries.get(connection_type))
    if entry is None:
        known = ", ".join(sorted(_entries)) or "none"
        raise UnknownHookError(
            f"connection {connection_id!r} is of type {connection_type!r}, for which no hook is known; "
            f"install the provider package of that system (known types: {known})"
        )
    module, _, name = entry.class_path.rpartition(".")
    hook_class = getattr(import_module(module), name)
    return hook_class(**{entry.connection_id_argument: connection_id}, **(arguments or {}))


register_hook("fs", "etesian.hooks.filesystem.FSHook", "fs_conn_id")
register_hook("package_index", "etesian.hooks.package_index.PackageIndexHook", "pi_conn_id")
register_hook("smtp", "etesian.hooks.smtp.SmtpHook", "smtp_conn_id")

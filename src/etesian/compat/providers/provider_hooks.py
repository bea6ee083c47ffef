"""The hooks that installed provider packages bring along, by the connection types that they declare."""

from __future__ import annotations

from etesian.compat.module_loading import import_string
from etesian.compat.providers.providers_manager import ProvidersManager
from etesian.sdk.connections.hook_registry import HookEntry


def find_provider_hook(connection_type: str) -> HookEntry | None:
    """Return where the hook of a connection type is; None when no installed provider declares it."""
    for provider in ProvidersManager().providers.values():
        for entry in provider.data.get("connection-types", []):
            if entry["connection-type"] == connection_type:
                path = entry["hook-class-name"]
                argument = getattr(import_string(path), "conn_name_attr", "conn_id")
                return HookEntry(class_path=path, connection_id_argument=argument)
    return None

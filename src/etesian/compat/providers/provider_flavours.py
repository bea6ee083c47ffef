"""``@task.docker`` and its sisters: decorators that installed provider packages bring along."""

from __future__ import annotations

from etesian.compat.providers.providers_manager import ProvidersManager
from etesian.sdk.tasks.flavours import Flavour


def find_provider_flavour(name: str) -> Flavour | None:
    """Return the flavour of that name of an installed provider; None when none has it."""
    for provider in ProvidersManager().providers.values():
        for entry in provider.data.get("task-decorators", []):
            if entry["name"] == name:
                module, _, function = entry["class-name"].rpartition(".")
                return Flavour(name=name, decorator=f"{module}:{function}")
    return None

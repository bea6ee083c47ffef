"""Defaults of options that provider packages bring along."""

from __future__ import annotations

from functools import cache

from etesian.compat.providers.providers_manager import ProvidersManager


def find_provider_default(section: str, key: str) -> str | None:
    """Return what an installed provider declares as an option's default; None when none declares one."""
    return _defaults().get((section, key))


@cache
def _defaults() -> dict[tuple[str, str], str]:
    return {
        (section.lower(), key.lower()): str(option["default"])
        for provider in ProvidersManager().providers.values()
        for section, declared in (provider.data.get("config") or {}).items()
        for key, option in declared.get("options", {}).items()
        if option.get("default") is not None
    }

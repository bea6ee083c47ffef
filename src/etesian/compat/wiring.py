"""What the SDK learns from this layer: eras of files, decorators and hooks of provider packages, older arguments."""

from __future__ import annotations

from functools import cache

from etesian.compat.adapters.arguments import ADAPTERS
from etesian.compat.eras import era_of
from etesian.sdk.argument_adapters import register_adapter
from etesian.sdk.era import choose_era_with
from etesian.sdk.flavours import Flavour, add_flavour_source
from etesian.sdk.hook_registry import HookEntry, add_hook_source


@cache
def connect() -> None:
    """Tell the SDK, once per process."""
    choose_era_with(era_of)
    add_flavour_source(_find_provider_flavour)
    add_hook_source(_find_provider_hook)
    for operator, adapter in ADAPTERS.items():
        register_adapter(operator, adapter)


def _find_provider_flavour(name: str) -> Flavour | None:
    from etesian.compat.provider_flavours import find_provider_flavour  # late: few files use one

    return find_provider_flavour(name)


def _find_provider_hook(connection_type: str) -> HookEntry | None:
    from etesian.compat.provider_hooks import find_provider_hook  # late: few processes use one

    return find_provider_hook(connection_type)

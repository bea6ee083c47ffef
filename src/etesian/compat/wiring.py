"""What the SDK learns from this layer: eras of files, decorators and hooks of provider packages, older arguments."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from etesian.compat.adapters.arguments import ADAPTERS, FAMILIES
from etesian.compat.eras import era_of
from etesian.compat.settings.project_folders import make_importable
from etesian.sdk.connections.hook_registry import HookEntry, add_hook_source
from etesian.sdk.dags.dag_finishing import add_dag_finisher
from etesian.sdk.era import choose_era_with
from etesian.sdk.running.macros import add_macro_source
from etesian.sdk.tasks.argument_adapters import register_adapter, register_family
from etesian.sdk.tasks.flavours import Flavour, add_flavour_source

if TYPE_CHECKING:
    from etesian.sdk.dags.dag import DAG


@cache
def connect() -> None:
    """Tell the SDK, once per process."""
    choose_era_with(era_of)
    add_flavour_source(_find_provider_flavour)
    add_hook_source(_find_provider_hook)
    add_dag_finisher(_finish_dag)
    add_macro_source(_find_plugin_macros)
    for operator, adapter in ADAPTERS.items():
        register_adapter(operator, adapter)
    for package, beside, adapter in FAMILIES:
        register_family(package, beside, adapter)
    make_importable()


def _find_provider_flavour(name: str) -> Flavour | None:
    from etesian.compat.providers.provider_flavours import find_provider_flavour  # late: few files use one

    return find_provider_flavour(name)


def _find_provider_hook(connection_type: str) -> HookEntry | None:
    from etesian.compat.providers.provider_hooks import find_provider_hook  # late: few processes use one

    return find_provider_hook(connection_type)


def _finish_dag(dag: DAG) -> None:
    from etesian.compat.plugins.finishing import finish_dag  # late: only who loads DAG files needs it

    finish_dag(dag)


def _find_plugin_macros(name: str) -> object | None:
    from etesian.compat.plugins.plugin_modules import find_plugin_macros  # late: few templates use one

    return find_plugin_macros(name)

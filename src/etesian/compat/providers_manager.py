"""What installed provider distributions offer, from their entry points."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from importlib.metadata import entry_points
from typing import Any, ClassVar, NamedTuple

from etesian.compat.module_loading import import_string

_GROUP = "apache_airflow_provider"


class ProviderInfo(NamedTuple):
    """One provider distribution."""

    version: str
    data: Mapping[str, Any]


class HookInfo(NamedTuple):
    """A connection type and the hook that serves it."""

    hook_class: Any
    connection_id_attribute_name: str
    package_name: str
    hook_name: str
    connection_type: str
    connection_testable: bool
    dialects: tuple[str, ...] = ()


class DialectInfo(NamedTuple):
    """A SQL dialect and the class that knows it."""

    name: str
    dialect_class_name: str
    provider_name: str


class ProvidersManager:
    """Reads the entry points once per process."""

    _instance: ClassVar[ProvidersManager | None] = None

    def __new__(cls) -> ProvidersManager:
        """Return the one manager of this process."""
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    @cached_property
    def providers(self) -> dict[str, ProviderInfo]:
        """Provider distributions by name."""
        found: dict[str, ProviderInfo] = {}
        for point in entry_points(group=_GROUP):
            info = point.load()()
            version = point.dist.version if point.dist else ""
            found[info.get("package-name", point.name)] = ProviderInfo(version, info)
        return dict(sorted(found.items()))

    @cached_property
    def hooks(self) -> dict[str, HookInfo | None]:
        """Hooks by connection type; a hook that cannot be imported is None."""
        found: dict[str, HookInfo | None] = {}
        for package, provider in self.providers.items():
            for entry in provider.data.get("connection-types", []):
                found[entry["connection-type"]] = _hook(package, entry)
        return found

    def initialize_providers_queues(self) -> None:
        """Everything is read when it is asked for."""

    def initialize_providers_hooks(self) -> None:
        """Everything is read when it is asked for."""

    @property
    def queue_class_names(self) -> list[str]:
        """Classes of message queues."""
        return [name for provider in self.providers.values() for name in provider.data.get("queues", [])]

    @property
    def filesystem_module_names(self) -> list[str]:
        """Modules of file systems."""
        return [name for provider in self.providers.values() for name in provider.data.get("filesystems", [])]

    @property
    def dialects(self) -> dict[str, DialectInfo]:
        """SQL dialects by name."""
        return {
            entry["dialect-type"]: DialectInfo(entry["dialect-type"], entry["dialect-class-name"], package)
            for package, provider in self.providers.items()
            for entry in provider.data.get("dialects", [])
        }


def _hook(package: str, entry: Mapping[str, Any]) -> HookInfo | None:
    try:
        hook_class = import_string(entry["hook-class-name"])
    except ImportError:
        return None
    return HookInfo(
        hook_class=hook_class,
        connection_id_attribute_name=getattr(hook_class, "conn_name_attr", "conn_id"),
        package_name=package,
        hook_name=getattr(hook_class, "hook_name", hook_class.__name__),
        connection_type=entry["connection-type"],
        connection_testable=hasattr(hook_class, "test_connection"),
    )

"""What installed provider distributions offer, from their entry points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    hook_class_name: str
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
    def hooks(self) -> Mapping[str, HookInfo | None]:
        """Hooks by connection type, imported when they are asked for; one that cannot be imported is None."""
        return _Hooks(
            {
                entry["connection-type"]: (package, entry)
                for package, provider in self.providers.items()
                for entry in provider.data.get("connection-types", [])
            }
        )

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


class _Hooks(Mapping[str, HookInfo | None]):
    """Imports each hook once, and none in vain: all of a large environment take seconds."""

    def __init__(self, entries: Mapping[str, tuple[str, Mapping[str, Any]]]) -> None:
        self._entries = entries
        self._found: dict[str, HookInfo | None] = {}

    def __getitem__(self, connection_type: str) -> HookInfo | None:
        if connection_type not in self._found:
            self._found[connection_type] = _hook(*self._entries[connection_type])
        return self._found[connection_type]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def _hook(package: str, entry: Mapping[str, Any]) -> HookInfo | None:
    try:
        hook_class = import_string(entry["hook-class-name"])
    except Exception:  # a library may fail in any way when it is imported
        return None
    return HookInfo(
        hook_class=hook_class,
        hook_class_name=entry["hook-class-name"],
        connection_id_attribute_name=getattr(hook_class, "conn_name_attr", "conn_id"),
        package_name=package,
        hook_name=getattr(hook_class, "hook_name", hook_class.__name__),
        connection_type=entry["connection-type"],
        connection_testable=hasattr(hook_class, "test_connection"),
    )

"""Plugins: classes that a project's ``plugins`` folder or a distribution adds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

F = TypeVar("F", bound=Callable[..., Any])  # Any: a hook implementation has its own arguments


class AirflowPlugin:
    """What a plugin adds. Macros, timetables, listeners and links are used; web views of Airflow are not."""

    name: str | None = None
    source: Any = None
    operators: ClassVar[list[Any]] = []
    sensors: ClassVar[list[Any]] = []
    hooks: ClassVar[list[Any]] = []
    executors: ClassVar[list[Any]] = []
    macros: ClassVar[list[Any]] = []
    admin_views: ClassVar[list[Any]] = []
    flask_blueprints: ClassVar[list[Any]] = []
    fastapi_apps: ClassVar[list[Any]] = []
    fastapi_root_middlewares: ClassVar[list[Any]] = []
    external_views: ClassVar[list[Any]] = []
    react_apps: ClassVar[list[Any]] = []
    menu_links: ClassVar[list[Any]] = []
    appbuilder_views: ClassVar[list[Any]] = []
    appbuilder_menu_items: ClassVar[list[Any]] = []
    global_operator_extra_links: ClassVar[list[Any]] = []
    operator_extra_links: ClassVar[list[Any]] = []
    timetables: ClassVar[list[Any]] = []
    listeners: ClassVar[list[Any]] = []
    ti_deps: ClassVar[list[Any]] = []
    priority_weight_strategies: ClassVar[list[Any]] = []
    hook_lineage_readers: ClassVar[list[Any]] = []

    @classmethod
    def validate(cls) -> None:
        """Check that the plugin has a name.

        Raises:
            ValueError: it has none.
        """
        if not cls.name:
            raise ValueError(f"plugin {cls.__name__} needs a name")

    @classmethod
    def on_load(cls, *args: Any, **kwargs: Any) -> None:
        """Called when the plugin is loaded."""


def hookimpl(function: F | None = None, **_: Any) -> Any:
    """Mark a function as a listener's or a policy's implementation."""
    if function is None:
        return lambda decorated: hookimpl(decorated)
    function.__dict__["airflow_hookimpl"] = True
    return function

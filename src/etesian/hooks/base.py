"""The base of hooks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cached_property
from typing import Any

from etesian.sdk.connections.connection import Connection


class BaseHook:
    """Speaks to another system. A subclass takes a connection's id and writes ``get_conn``."""

    conn_name_attr: str = ""
    default_conn_name: str = ""
    conn_type: str = ""
    hook_name: str = ""
    _logger_name: str | None = None  # subclasses need not call __init__

    def __init__(self, logger_name: str | None = None) -> None:
        self._logger_name = logger_name

    @cached_property
    def log(self) -> logging.Logger:
        """Where this hook's messages go."""
        return logging.getLogger(
            self._logger_name or f"airflow.task.hooks.{type(self).__module__}.{type(self).__name__}"
        )

    @classmethod
    def get_connection(cls, conn_id: str) -> Connection:
        """Return a connection.

        Raises:
            AirflowNotFoundException: it is not defined.
        """
        return Connection.get(conn_id)

    @classmethod
    def get_connections(cls, conn_id: str) -> list[Connection]:
        """Return the one connection of that id in a list, as Airflow 1 and 2 did."""
        return [cls.get_connection(conn_id)]

    @classmethod
    async def aget_connection(cls, conn_id: str) -> Connection:
        """Return a connection without blocking the event loop."""
        connection: Connection = await _in_thread(cls.get_connection, conn_id)
        return connection

    @classmethod
    def get_hook(cls, conn_id: str, hook_params: dict[str, Any] | None = None) -> Any:
        """Return the hook that fits a connection's type.

        Raises:
            UnknownHookError: no hook is known for the type.
        """
        return cls.get_connection(conn_id).get_hook(hook_params=hook_params)

    @classmethod
    async def aget_hook(cls, conn_id: str, hook_params: dict[str, Any] | None = None) -> Any:
        """Return the hook that fits a connection's type, without blocking the event loop."""
        return await _in_thread(cls.get_hook, conn_id, hook_params)

    def get_conn(self) -> Any:
        """Return an open client of the other system."""
        raise NotImplementedError(f"{type(self).__name__} has no get_conn()")

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return form fields for the connection's extras."""
        return {}

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return how a form shows the connection's fields."""
        return {}


async def _in_thread(function: Callable[..., Any], *args: Any) -> Any:
    import asyncio  # heavy, and loaded already where a coroutine runs

    return await asyncio.to_thread(function, *args)

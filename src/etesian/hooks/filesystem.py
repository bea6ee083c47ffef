"""Folders on this machine, by connection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from etesian.hooks.base import BaseHook
from etesian.sdk.connections.connection import Connection
from etesian.sdk.exceptions import AirflowNotFoundException


class FSHook(BaseHook):
    """Names a folder: ``path`` in the connection's extra. Without a connection it is the root."""

    conn_name_attr = "fs_conn_id"
    default_conn_name = "fs_default"
    conn_type = "fs"
    hook_name = "File (path)"

    def __init__(self, fs_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fs_conn_id = fs_conn_id
        self.conn = self._find()
        self.basepath: str = self.conn.extra_dejson.get("path", "")

    def _find(self) -> Connection:
        try:
            return self.get_connection(self.fs_conn_id)
        except AirflowNotFoundException:
            if self.fs_conn_id != self.default_conn_name:
                raise
            return Connection(conn_id=self.fs_conn_id, conn_type=self.conn_type)

    def get_conn(self) -> None:
        """There is nothing to open."""

    def get_path(self) -> str:
        """Return the folder."""
        return self.basepath

    def test_connection(self) -> tuple[bool, str]:
        """Return whether the folder is there, and a sentence about it."""
        if not self.basepath:
            return False, f"connection {self.fs_conn_id!r} has no path in its extra"
        if not Path(self.basepath).is_dir():
            return False, f"{self.basepath} is not a folder on this machine"
        return True, f"{self.basepath} is there"

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return how a form shows the connection's fields."""
        return {
            "hidden_fields": ["host", "schema", "port", "login", "password", "extra"],
            "relabeling": {},
            "placeholders": {},
        }

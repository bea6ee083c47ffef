"""Sensors that wait for files on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etesian.hooks.filesystem import FSHook
from etesian.sdk.exceptions import AirflowException
from etesian.sensors.base import BaseSensorOperator
from etesian.triggers.file import FileTrigger, changed_at, find_file

if TYPE_CHECKING:
    from etesian.sdk.context import Context


class FileSensor(BaseSensorOperator):
    """Waits for a file, or for a folder with a file in it, below the folder of a connection.

    ``filepath`` is a glob pattern; ``recursive`` lets ``**`` in it match folders of any depth.
    """

    template_fields: Sequence[str] = ("filepath", "fs_conn_id")
    ui_color = "#91818a"

    def __init__(
        self,
        *,
        filepath: str,
        fs_conn_id: str = FSHook.default_conn_name,
        recursive: bool = False,
        deferrable: bool = False,
        start_from_trigger: bool = False,
        trigger_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filepath = filepath
        self.fs_conn_id = fs_conn_id
        self.recursive = recursive
        self.deferrable = deferrable
        self.start_from_trigger = start_from_trigger
        self.trigger_kwargs = trigger_kwargs

    @property
    def path(self) -> str:
        """The pattern, below the connection's folder."""
        return str(Path(FSHook(self.fs_conn_id).get_path()) / self.filepath)

    def poke(self, context: Context) -> bool:
        """Look for a file."""
        found = find_file(self.path, self.recursive)
        if found is None:
            self.log.info("No file matches %s yet", self.path)
            return False
        self.log.info("Found %s, last changed at %s", found, changed_at(found))
        return True

    def execute(self, context: Context) -> Any:
        """Wait here, or on the triggerer if it is deferrable."""
        if not self.deferrable:
            return super().execute(context)
        if self.poke(context):
            return None
        return self.defer(
            timeout=timedelta(seconds=self.timeout),
            trigger=FileTrigger(self.path, recursive=self.recursive, poke_interval=self.poke_interval),
            method_name="execute_complete",
        )

    def execute_complete(self, context: Context, event: bool | None = None) -> None:
        """Go on when the trigger has fired.

        Raises:
            AirflowException: it did not find the file.
        """
        if not event:
            raise AirflowException(f"the trigger of {self.task_id!r} ended without finding {self.filepath!r}")
        self.log.info("Found a file that matches %s", self.filepath)

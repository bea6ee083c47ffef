"""Sensors whose condition is a shell command."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from etesian.hooks.subprocess import SubprocessHook
from etesian.sdk.exceptions import AirflowFailException
from etesian.sensors.base import BaseSensorOperator

if TYPE_CHECKING:
    from etesian.sdk.context import Context


class BashSensor(BaseSensorOperator):
    """Waits until a command ends with exit code 0.

    With ``retry_exit_code`` only that code means "not yet", and any other one fails the task.
    """

    template_fields: Sequence[str] = ("bash_command", "env")

    def __init__(
        self,
        *,
        bash_command: str,
        env: Mapping[str, str] | None = None,
        output_encoding: str = "utf-8",
        retry_exit_code: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bash_command = bash_command
        self.env = env
        self.output_encoding = output_encoding
        self.retry_exit_code = retry_exit_code
        self.subprocess_hook = SubprocessHook()

    def poke(self, context: Context) -> bool:
        """Run the command.

        Raises:
            AirflowFailException: it ended with a code that means neither yes nor not yet.
        """
        env = {**os.environ, **self.env} if self.env else None
        command = [shutil.which("bash") or "bash", "-c", self.bash_command]
        exit_code = self.subprocess_hook.run_command(command, env, self.output_encoding).exit_code
        if exit_code == 0:
            return True
        if self.retry_exit_code is not None and exit_code != self.retry_exit_code:
            raise AirflowFailException(
                f"the command ended with exit code {exit_code}; {self.retry_exit_code} means to look again"
            )
        return False

    def on_kill(self) -> None:
        """Ask the command, and all that it started, to end."""
        self.subprocess_hook.send_sigterm()

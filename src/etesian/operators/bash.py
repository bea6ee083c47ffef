"""Tasks that are shell commands."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, ClassVar, Final

from etesian.hooks.subprocess import SubprocessHook, SubprocessResult
from etesian.operators.context_environment import context_environment
from etesian.sdk.exceptions import AirflowException, AirflowSkipException
from etesian.sdk.tasks.operator import BaseOperator
from etesian.sdk.xcoms.xcom_arg import ArgNotSet

if TYPE_CHECKING:
    from etesian.sdk.context import Context

#: Linux takes no argument longer than 128 KiB; a longer command is run from a file.
MAX_COMMAND_BYTES: Final = 100_000


class BashOperator(BaseOperator):
    """Runs a command in bash; its output is the task's log, its last line the task's XCom.

    ``env`` replaces the environment, or is added to it with ``append_env``. The exit codes in
    ``skip_on_exit_code`` skip the task, others but 0 fail it. Without ``cwd`` the command starts in a
    folder of its own that is deleted afterwards. A command that ends in ``.sh`` or ``.bash`` names a
    template file.
    """

    template_fields: Sequence[str] = ("bash_command", "env", "cwd")
    template_fields_renderers: ClassVar[Mapping[str, str]] = {"bash_command": "bash", "env": "json"}
    template_ext: Sequence[str] = (".sh", ".bash")
    ui_color = "#f0ede4"

    def __init__(
        self,
        *,
        bash_command: str | ArgNotSet,
        env: Mapping[str, str] | None = None,
        append_env: bool = False,
        output_encoding: str = "utf-8",
        skip_on_exit_code: int | Container[int] | None = 99,
        skip_exit_code: int | None = None,
        cwd: str | None = None,
        output_processor: Callable[[str], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bash_command = bash_command
        self.env = env
        self.append_env = append_env
        self.output_encoding = output_encoding
        self.skip_on_exit_code = as_exit_codes(
            skip_on_exit_code if skip_exit_code is None else skip_exit_code
        )
        self.cwd = cwd
        self.output_processor = output_processor
        self.subprocess_hook = SubprocessHook()

    def get_env(self, context: Context) -> dict[str, str]:
        """Return the environment of the command."""
        given = {name: str(value) for name, value in (self.env or {}).items()}
        inherited = dict(os.environ) if self.env is None or self.append_env else {}
        return {**inherited, **context_environment(context), **given}

    def execute(self, context: Context) -> Any:
        """Run the command and return the last line of its output.

        Raises:
            AirflowSkipException: it ended with an exit code that means so.
            AirflowException: it failed, or its folder is not there.
        """
        self._check()
        result = self._run(str(self.bash_command), self.get_env(context))
        if result.exit_code in self.skip_on_exit_code:
            raise AirflowSkipException(f"Bash command returned exit code {result.exit_code}. Skipping.")
        if result.exit_code != 0:
            raise AirflowException(
                f"Bash command failed. The command returned a non-zero exit code {result.exit_code}."
            )
        return self.output_processor(result.output) if self.output_processor else result.output

    def _check(self) -> None:
        if not isinstance(self.bash_command, str) or not self.bash_command.strip():
            raise AirflowException(
                f"bash_command of task {self.task_id!r} must be text, got {self.bash_command!r}"
            )
        if self.cwd is not None and not Path(self.cwd).is_dir():
            raise AirflowException(
                f"the cwd {self.cwd!r} of task {self.task_id!r} is not a folder on this host"
            )

    def _run(self, command: str, env: dict[str, str]) -> SubprocessResult:
        bash = shutil.which("bash") or "bash"
        hook, encoding = self.subprocess_hook, self.output_encoding
        if len(command.encode()) <= MAX_COMMAND_BYTES:
            return hook.run_command([bash, "-c", command], env, encoding, self.cwd)
        with NamedTemporaryFile("w", suffix=".sh", encoding="utf-8") as script:
            script.write(command)
            script.flush()
            return hook.run_command([bash, script.name], env, encoding, self.cwd)

    def on_kill(self) -> None:
        """Ask the command, and all that it started, to end."""
        self.subprocess_hook.send_sigterm()


def as_exit_codes(codes: int | Container[int] | None) -> Container[int]:
    """Return exit codes given as one, several or none."""
    if codes is None:
        return ()
    return (codes,) if isinstance(codes, int) else codes

"""Python functions that run in another interpreter: in an environment made for them, or an existing one."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from etesian.config.load import find_home
from etesian.hooks.package_index import PackageIndexHook
from etesian.hooks.subprocess import SubprocessHook
from etesian.operators.bash import as_exit_codes
from etesian.operators.branch import BaseBranchOperator
from etesian.operators.context_environment import context_environment
from etesian.operators.environments import EnvironmentRecipe, ensure_environment
from etesian.operators.function_transport import SERIALIZERS, FunctionCall, TransportError, read_result
from etesian.operators.python_callable import PythonOperator
from etesian.sdk.exceptions import AirflowException, AirflowSkipException
from etesian.sdk.tasks.user_call import choose_kwargs

if TYPE_CHECKING:
    from etesian.sdk.context import Context

#: Keys of the context that are plain values, which any interpreter understands.
PLAIN_KEYS: Final = (
    "ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz", "run_id", "task_instance_key_str", "test_mode",
    "prev_ds", "prev_ds_nodash", "next_ds", "next_ds_nodash", "yesterday_ds", "yesterday_ds_nodash",
    "tomorrow_ds", "tomorrow_ds_nodash", "expanded_ti_count", "map_index_template", "params",
    "templates_dict",
)  # fmt: skip
#: Keys that are dates of the library pendulum, which the other interpreter may not have.
DATE_KEYS: Final = (
    "logical_date", "execution_date", "next_execution_date", "prev_execution_date",
    "prev_execution_date_success", "data_interval_start", "data_interval_end",
    "prev_data_interval_start_success", "prev_data_interval_end_success",
    "prev_start_date_success", "prev_end_date_success",
)  # fmt: skip


class InterpreterOperator(PythonOperator):
    """Base of the operators that call their function in another interpreter.

    The function travels as its source: it must import what it needs in its own body. Of the context it gets
    what it names, as far as that is plain values, and dates where pendulum is installed there.
    """

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        serializer: str | None = None,
        use_dill: bool = False,
        string_args: Iterable[str] | None = None,
        expect_airflow: bool = True,
        expect_pendulum: bool = False,
        skip_on_exit_code: int | Container[int] | None = None,
        env_vars: Mapping[str, str] | None = None,
        inherit_env: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(python_callable=python_callable, **kwargs)
        serializer = "dill" if use_dill and serializer is None else serializer
        if serializer is not None and serializer not in SERIALIZERS:
            raise AirflowException(
                f"serializer of task {self.task_id!r} must be {' or '.join(SERIALIZERS)}, got {serializer!r}"
            )
        self.serializer = serializer
        self.string_args = list(string_args or ())
        self.expect_airflow = expect_airflow
        self.expect_pendulum = expect_pendulum
        self.skip_on_exit_code = as_exit_codes(skip_on_exit_code)
        self.env_vars = env_vars
        self.inherit_env = inherit_env

    @cached_property
    def subprocess_hook(self) -> SubprocessHook:
        """Runs the other interpreter."""
        return SubprocessHook()

    def find_interpreter(self) -> str:
        """Return the interpreter to use."""
        raise NotImplementedError(f"{type(self).__name__} has no find_interpreter()")

    def determine_kwargs(self, context: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the arguments that the function gets by name: own ones, and plain values of the context."""
        keys = (*PLAIN_KEYS, *DATE_KEYS) if self.expect_pendulum else PLAIN_KEYS
        offered = {key: _plain(context[key]) for key in keys if key in context}
        offered |= {**self.op_kwargs, "templates_dict": self.templates_dict}
        return choose_kwargs(self.python_callable, tuple(self.op_args), offered)

    def execute_callable(self, context: Context | None = None) -> Any:
        """Call the function there.

        Raises:
            AirflowSkipException: the interpreter ended with an exit code that means so.
            TransportError: the function raised, or its arguments or result cannot travel.
        """
        interpreter = self.find_interpreter()
        call = FunctionCall(
            function=self.python_callable,
            args=tuple(self.op_args),
            kwargs=self.op_kwargs,
            string_args=self.string_args,
            serializer=self.serializer,
        )
        with TemporaryDirectory(prefix="etesian-call-") as folder:
            arguments = call.write(Path(folder))
            exit_code = self._run([interpreter, *arguments], self._environment(context or {}))
            if exit_code in self.skip_on_exit_code:
                raise AirflowSkipException(f"Process exited with code {exit_code}. Skipping.")
            if exit_code != 0 and not (Path(folder) / "error.json").exists():
                raise TransportError(f"the interpreter {interpreter} ended with exit code {exit_code}")
            return read_result(Path(folder))

    def _environment(self, context: Mapping[str, Any]) -> dict[str, str]:
        inherited = dict(os.environ) if self.inherit_env else {}
        return {**inherited, **context_environment(context), **(self.env_vars or {})}

    def _run(self, command: Sequence[str], env: Mapping[str, str]) -> int:
        return self.subprocess_hook.run_command(command, env).exit_code

    def on_kill(self) -> None:
        """Ask the other interpreter to end."""
        self.subprocess_hook.send_sigterm()


class ExternalPythonOperator(InterpreterOperator):
    """Calls a function in the interpreter ``python``, the path of one that exists on the worker's host."""

    template_fields: Sequence[str] = ("templates_dict", "op_args", "op_kwargs", "python")

    def __init__(self, *, python: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not python:
            raise AirflowException(f"task {self.task_id!r} needs python, the path of an interpreter")
        self.python = python

    def find_interpreter(self) -> str:
        """Return the interpreter.

        Raises:
            AirflowException: there is none at that path.
        """
        path = Path(str(self.python))
        if not path.exists():
            raise AirflowException(
                f"there is no interpreter {str(path)!r} on this host (task {self.task_id!r})"
            )
        if not os.access(path, os.X_OK) or path.is_dir():
            raise AirflowException(f"{str(path)!r} cannot be executed (task {self.task_id!r})")
        return str(path)


class PythonVirtualenvOperator(InterpreterOperator):
    """Calls a function in a virtual environment made from ``requirements``, which is kept.

    Environments are kept in ``venv_cache_path``, by default in the home folder of Etesian, one for each set
    of requirements, Python version and options. They are made with ``uv`` where it is installed, else with
    ``venv``.
    """

    template_fields: Sequence[str] = (
        "templates_dict",
        "op_args",
        "op_kwargs",
        "requirements",
        "index_urls",
        "index_urls_from_connection_ids",
        "venv_cache_path",
    )
    template_ext: Sequence[str] = (".txt",)

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        requirements: str | Iterable[str] | None = None,
        python_version: str | float | None = None,
        system_site_packages: bool = True,
        pip_install_options: Sequence[str] | None = None,
        index_urls: str | Collection[str] | None = None,
        index_urls_from_connection_ids: str | Collection[str] | None = None,
        venv_cache_path: str | os.PathLike[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(python_callable=python_callable, **kwargs)
        self.requirements = requirements if isinstance(requirements, str) else list(requirements or ())
        self.python_version = None if python_version is None else str(python_version)
        self.system_site_packages = system_site_packages
        self.pip_install_options = list(pip_install_options or ())
        self.index_urls = [index_urls] if isinstance(index_urls, str) else list(index_urls or ())
        self.index_urls_from_connection_ids = index_urls_from_connection_ids
        self.venv_cache_path = None if venv_cache_path is None else str(venv_cache_path)
        self.expect_pendulum = any("pendulum" in line for line in self._requirement_lines())

    def find_interpreter(self) -> str:
        """Return the interpreter of the environment, which is made if it is not there.

        Raises:
            VirtualEnvironmentError: it cannot be made.
        """
        recipe = EnvironmentRecipe(
            requirements=self._requirement_lines(),
            python_version=self.python_version,
            system_site_packages=self.system_site_packages,
            install_options=tuple(self.pip_install_options),
            index_urls=(*self.index_urls, *self._indexes_of_connections()),
        )
        cache = (
            Path(self.venv_cache_path) if self.venv_cache_path else find_home(os.environ) / "cache" / "venvs"
        )
        return str(ensure_environment(recipe, cache, self._run))

    def _requirement_lines(self) -> tuple[str, ...]:
        given = [self.requirements] if isinstance(self.requirements, str) else self.requirements
        lines = [line.strip() for text in given for line in text.splitlines() if line.strip()]
        if self.serializer in ("cloudpickle", "dill") and not any(
            line.startswith(self.serializer) for line in lines
        ):
            lines.append(self.serializer)
        return tuple(lines)

    def _indexes_of_connections(self) -> list[str]:
        ids = self.index_urls_from_connection_ids or ()
        return [PackageIndexHook(conn_id).get_conn() for conn_id in ([ids] if isinstance(ids, str) else ids)]


class BranchPythonVirtualenvOperator(PythonVirtualenvOperator, BaseBranchOperator):
    """Lets a function in a virtual environment choose what to go on with."""

    def choose_branch(self, context: Context) -> Any:
        """Return what the function returns."""
        return PythonVirtualenvOperator.execute(self, context)

    def execute(self, context: Context) -> Any:
        """Choose, and skip the rest."""
        return self.do_branch(context, self.choose_branch(context))


class BranchExternalPythonOperator(ExternalPythonOperator, BaseBranchOperator):
    """Lets a function in another interpreter choose what to go on with."""

    def choose_branch(self, context: Context) -> Any:
        """Return what the function returns."""
        return ExternalPythonOperator.execute(self, context)

    def execute(self, context: Context) -> Any:
        """Choose, and skip the rest."""
        return self.do_branch(context, self.choose_branch(context))


def _plain(value: Any) -> Any:
    """Return a plain dict of a dict-like value, such as the params."""
    return dict(value) if isinstance(value, Mapping) else value

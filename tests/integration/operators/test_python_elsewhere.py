"""Python functions in other interpreters, which are real processes and real environments."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from etesian.operators.empty import EmptyOperator
from etesian.operators.environments import EnvironmentRecipe, VirtualEnvironmentError, ensure_environment
from etesian.operators.function_transport import TransportError
from etesian.operators.python import (
    BranchExternalPythonOperator,
    ExternalPythonOperator,
    PythonVirtualenvOperator,
)
from etesian.sdk.dags.dag import DAG
from etesian.sdk.exceptions import AirflowException, AirflowSkipException, DownstreamTasksSkipped
from tests.unit.memory_platform import DAY, MemoryPlatform, make_context, using_platform


@pytest.fixture(autouse=True)
def dag() -> Iterator[DAG]:
    with DAG("dag", start_date=DAY) as made:
        yield made


def run(function: Any, **arguments: Any) -> Any:
    task = ExternalPythonOperator(task_id="t", python=sys.executable, python_callable=function, **arguments)
    return task.execute(make_context(task))


def describe(x: Any, ds: str, *, y: int = 1, **context: Any) -> dict[str, Any]:
    import os

    return {"x": x, "ds": ds, "y": y, "run_id": context.get("run_id"), "pid": os.getpid()}


def test_arguments_and_result_keep_their_values_and_types() -> None:
    found = run(describe, op_args=[(1, {2: "two"}, b"bytes")], op_kwargs={"y": 3})
    assert found.pop("pid") != 0
    assert found == {"x": (1, {2: "two"}, b"bytes"), "ds": "2030-01-01", "y": 3, "run_id": "run"}


def give_back(value: Any) -> Any:
    return value


@pytest.mark.parametrize(
    "value",
    [
        None,
        "text",
        [1, 2.5, {"a": None}],
        (1, 2),
        {1: 2},
        {1, 2},
        date(2030, 1, 1),
        float("nan"),
        "é\ud83d\ude00",
    ],
)
def test_values_survive_the_way_there_and_back(value: Any) -> None:
    assert repr(run(give_back, op_args=[value])) == repr(value)


def test_a_function_that_raises_is_told_by_type_and_message() -> None:
    def function() -> None:
        raise ValueError("no such customer")

    with pytest.raises(TransportError, match="ValueError: no such customer"):
        run(function)


def test_an_exit_code_may_skip_or_fails() -> None:
    def function(code: int) -> None:
        raise SystemExit(code)

    with pytest.raises(AirflowSkipException, match="exited with code 7"):
        run(function, op_args=[7], skip_on_exit_code=7)


def test_an_exit_code_that_does_not_skip_fails() -> None:
    def function() -> None:
        raise SystemExit(3)

    with pytest.raises(TransportError, match="ended with exit code 3"):
        run(function)


def test_what_cannot_travel_is_named() -> None:
    with pytest.raises(TransportError, match="op_args of 'give_back' cannot be sent"):
        run(give_back, op_args=[lambda: None])
    with pytest.raises(TransportError, match="written with def"):
        ExternalPythonOperator(task_id="u", python=sys.executable, python_callable=lambda: 1).execute(
            make_context(EmptyOperator(task_id="v"))
        )


def test_environment_variables_and_string_arguments_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    def function() -> Any:
        import os

        return os.environ.get("OUTSIDE"), os.environ.get("OWN"), virtualenv_string_args  # type: ignore[name-defined]  # noqa: F821

    monkeypatch.setenv("OUTSIDE", "seen")
    assert run(function, env_vars={"OWN": "own"}, string_args=["a"]) == ("seen", "own", ["a"])


def test_an_interpreter_that_is_not_there_is_named() -> None:
    task = ExternalPythonOperator(task_id="t", python="/nowhere/python", python_callable=give_back)
    with pytest.raises(AirflowException, match="no interpreter '/nowhere/python'"):
        task.execute(make_context(task))


def test_a_serializer_must_be_known() -> None:
    with pytest.raises(AirflowException, match="must be pickle or cloudpickle or dill, got 'yaml'"):
        ExternalPythonOperator(task_id="t", python="p", python_callable=give_back, serializer="yaml")


def test_a_branch_is_chosen_elsewhere() -> None:
    def function() -> str:
        return "a"

    task = BranchExternalPythonOperator(task_id="t", python=sys.executable, python_callable=function)
    task >> [EmptyOperator(task_id="a"), EmptyOperator(task_id="b")]
    with using_platform(MemoryPlatform()), pytest.raises(DownstreamTasksSkipped) as caught:
        task.execute(make_context(task))
    assert caught.value.tasks == ["b"]


def test_an_environment_is_made_once_and_kept(tmp_path: Path) -> None:
    def function() -> str:
        import sys

        return sys.prefix

    def execute(task_id: str) -> str:
        task = PythonVirtualenvOperator(
            task_id=task_id,
            python_callable=function,
            system_site_packages=False,
            venv_cache_path=str(tmp_path),
        )
        return str(task.execute(make_context(task)))

    first = execute("a")
    assert Path(first).parent == tmp_path
    made_at = (Path(first) / "pyvenv.cfg").stat().st_mtime_ns
    assert execute("b") == first
    assert (Path(first) / "pyvenv.cfg").stat().st_mtime_ns == made_at


def test_an_environment_that_was_not_finished_is_made_anew(tmp_path: Path) -> None:
    recipe = EnvironmentRecipe()
    folder = tmp_path / f"venv-{recipe.key}"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    commands: list[list[str]] = []

    def pretend(command: Any, env: Any) -> int:
        commands.append(list(command))
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "python").touch()
        return 0

    assert ensure_environment(recipe, tmp_path, pretend) == folder / "bin" / "python"
    assert ensure_environment(recipe, tmp_path, pretend) == folder / "bin" / "python"
    assert len(commands) == 1


def test_two_tasks_that_want_one_environment_make_it_once(tmp_path: Path) -> None:
    made: list[Any] = []

    def slowly(command: Any, env: Any) -> int:
        made.append(command)
        threading.Event().wait(0.1)
        python = Path(command[-1]) / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.touch()
        return 0

    threads = [
        threading.Thread(target=ensure_environment, args=(EnvironmentRecipe(), tmp_path, slowly))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(made) == 1


def test_requirements_that_cannot_be_had_fail_the_task_and_leave_nothing_half_made(tmp_path: Path) -> None:
    recipe = EnvironmentRecipe(requirements=("nothing-of-this-name",))
    calls: list[Any] = []

    def refuse(command: Any, env: Any) -> int:
        calls.append((command, env))
        (tmp_path / f"venv-{recipe.key}" / "bin").mkdir(parents=True, exist_ok=True)
        return int("install" in command)

    for _ in range(2):
        with pytest.raises(VirtualEnvironmentError, match="ended with exit code 1"):
            ensure_environment(recipe, tmp_path, refuse)
    assert len(calls) == 4


def test_recipes_differ_by_what_they_install_not_by_the_password_of_an_index() -> None:
    plain = EnvironmentRecipe(requirements=("a", "b"), index_urls=("https://index.example.com/simple",))
    same = EnvironmentRecipe(
        requirements=("b", "a"), index_urls=("https://user:pass@index.example.com/simple",)
    )
    assert plain.key == same.key
    others = {
        EnvironmentRecipe().key,
        EnvironmentRecipe(requirements=("a",)).key,
        EnvironmentRecipe(requirements=("a",), python_version="3.12").key,
        EnvironmentRecipe(requirements=("a",), system_site_packages=True).key,
        EnvironmentRecipe(requirements=("a",), install_options=("--no-deps",)).key,
    }
    assert len(others) == 5


def test_requirements_are_a_text_or_a_list_and_take_the_serializer_along() -> None:
    def lines(requirements: Any, serializer: str | None = None) -> tuple[str, ...]:
        return PythonVirtualenvOperator(
            task_id=f"t{serializer}{len(str(requirements))}",
            python_callable=give_back,
            requirements=requirements,
            serializer=serializer,
        )._requirement_lines()

    assert lines("a==1\n\nb") == ("a==1", "b")
    assert lines(["a", "b"], "cloudpickle") == ("a", "b", "cloudpickle")
    assert lines(["dill==0.3"], "dill") == ("dill==0.3",)
    assert lines(None) == ()


def test_the_addresses_of_indexes_do_not_stand_on_the_command_line(tmp_path: Path) -> None:
    seen: list[tuple[Any, Any]] = []

    def look(command: Any, env: Any) -> int:
        seen.append((command, env))
        return 1

    recipe = EnvironmentRecipe(index_urls=("https://u:secret@index.example.com", "https://other.example.com"))
    with pytest.raises(VirtualEnvironmentError):
        ensure_environment(recipe, tmp_path, look)
    command, env = seen[0]
    assert "secret" not in " ".join(command)
    assert env["PIP_INDEX_URL"] == env["UV_DEFAULT_INDEX"] == "https://u:secret@index.example.com"
    assert env["PIP_EXTRA_INDEX_URL"] == "https://other.example.com"

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from etesian.sdk.dags.dag_loading import DagFileError, load_dags, load_file, module_name_of
from etesian.sdk.dags.spec_building import build_spec
from etesian.sdk.era import AIRFLOW_2, NATIVE, choose_era_with
from etesian.sdk.graph.scope import DagContext

Write = Callable[[str, str], Path]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    before, path = set(sys.modules), list(sys.path)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def write(folder: Path) -> Write:
    def write_file(name: str, text: str) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
        return path

    return write_file


def test_dags_are_found_wherever_they_are_in_the_file(folder: Path, write: Write) -> None:
    path = write(
        "sub/etl.py",
        """
        from etesian import DAG, dag
        kept = DAG("global")
        with DAG("block"):
            pass
        @dag
        def decorated(): ...
        decorated()
        def hidden():
            DAG("never entered, never kept".replace(" ", "_").replace(",", ""))
        hidden()
        with DAG("private", auto_register=False):
            pass
        listed = [DAG("in_a_list")]
        """,
    )
    loaded = load_file(path, dags_folder=folder)
    assert sorted(loaded.dags) == ["block", "decorated", "global"]
    assert (loaded.file, loaded.warnings) == ("sub/etl.py", ())
    assert load_dags(path, dags_folder=folder).keys() == loaded.dags.keys()


def test_modules_of_the_folder_can_be_imported_and_are_reported(folder: Path, write: Write) -> None:
    write("shared_helpers_a/__init__.py", "")
    helper = write("shared_helpers_a/names.py", "NAME = 'from_helper'")
    path = write("etl.py", "from etesian import DAG\nfrom shared_helpers_a.names import NAME\nd = DAG(NAME)")
    loaded = load_file(path, dags_folder=folder)
    assert list(loaded.dags) == ["from_helper"]
    assert helper in loaded.imported_files


def test_two_files_of_one_name_do_not_meet(folder: Path, write: Write) -> None:
    first = write("a/etl.py", "from etesian import DAG\nd = DAG('a')")
    second = write("b/etl.py", "from etesian import DAG\nd = DAG('b')")
    assert list(load_dags(first, dags_folder=folder)) == ["a"]
    assert list(load_dags(second, dags_folder=folder)) == ["b"]
    assert module_name_of("a/etl.py") != module_name_of("b/etl.py")
    assert module_name_of("a/etl.py") == module_name_of("a/etl.py")


def test_the_main_guard_does_not_run(folder: Path, write: Write) -> None:
    path = write("etl.py", "if __name__ == '__main__':\n    raise SystemExit(1)")
    assert load_dags(path, dags_folder=folder) == {}


def test_two_dags_of_one_id_are_reported_and_the_later_counts(folder: Path, write: Write) -> None:
    path = write(
        "etl.py", "from etesian import DAG\na = DAG('x', description='1')\nb = DAG('x', description='2')"
    )
    loaded = load_file(path, dags_folder=folder)
    assert loaded.dags["x"].description == "2"
    assert loaded.warnings == ("etl.py defines two DAGs 'x' (lines 2 and 3); the later one counts",)


def test_an_archive_gives_the_dags_of_its_modules(folder: Path) -> None:
    path = folder / "packed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "packed_one.py", "from etesian import DAG\nfrom packed_lib.names import NAME\nd = DAG(NAME)"
        )
        archive.writestr("packed_lib/__init__.py", "")
        archive.writestr("packed_lib/names.py", "NAME = 'zipped'")
    assert list(load_dags(path, dags_folder=folder)) == ["zipped"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n\ndef f():\n    raise ValueError('no header')\n\nf()\n", "etl.py:4: ValueError: no header"),
        ("x = 1\ndef f(:\n", "etl.py:2: SyntaxError: invalid syntax"),
        (
            "import nothing_of_that_name\n",
            "etl.py:1: ModuleNotFoundError: No module named 'nothing_of_that_name'",
        ),
        ("import sys\n\nsys.exit(3)\n", "etl.py:3: the file calls sys.exit(3) while it is imported"),
        (
            "from etesian import BaseOperator\n\n\nBaseOperator(task_id='a b')\n",
            "etl.py:4: task_id 'a b' has a character that is not allowed",
        ),
        ("assert False\n", "etl.py:1: AssertionError"),
    ],
)
def test_an_error_names_file_line_and_cause(folder: Path, write: Write, text: str, message: str) -> None:
    path = write("etl.py", text)
    with pytest.raises(DagFileError) as caught:
        load_file(path, dags_folder=folder)
    assert str(caught.value).startswith(message)
    assert caught.value.file == "etl.py"
    assert f"etl.py:{caught.value.line}:" in message
    assert "importlib" not in caught.value.traceback
    assert "dag_loading" not in caught.value.traceback


def test_an_error_in_an_imported_module_points_at_the_importing_line(folder: Path, write: Write) -> None:
    write("broken_helper_b.py", "raise RuntimeError('bad helper')")
    path = write("etl.py", "\nimport broken_helper_b\n")
    with pytest.raises(DagFileError, match=r"etl\.py:2: RuntimeError: bad helper") as caught:
        load_file(path, dags_folder=folder)
    assert "broken_helper_b.py" in caught.value.traceback


def test_a_broken_file_leaves_nothing_behind(folder: Path, write: Write) -> None:
    bad = write("bad.py", "from etesian import DAG\nwith DAG('open'):\n    raise ValueError\n")
    good = write(
        "good.py",
        "from etesian import DAG\nfrom etesian.operators.empty import EmptyOperator\nt = "
        "EmptyOperator(task_id='t')\nd = DAG('good')\n",
    )
    with pytest.raises(DagFileError):
        load_file(bad, dags_folder=folder)
    assert (DagContext.get_current(), DagContext.current_file) == (None, None)
    assert module_name_of("bad.py") not in sys.modules
    assert load_dags(good, dags_folder=folder)["good"].tasks == []


def test_lines_of_tasks_are_those_of_the_file_even_if_a_helper_makes_them(folder: Path, write: Write) -> None:
    write(
        "factory_c.py",
        "from etesian.operators.empty import EmptyOperator\n\ndef make(name):\n    return "
        "EmptyOperator(task_id=name)\n",
    )
    path = write(
        "etl.py",
        "from etesian import DAG\nfrom factory_c import make\nwith DAG('x') as d:\n    make('a')\n    "
        "make('b')\n",
    )
    dag = load_dags(path, dags_folder=folder)["x"]
    assert [task.line for task in build_spec(dag, file="etl.py").tasks] == [4, 5]


def test_the_era_of_a_file_is_chosen_by_looking_at_it(folder: Path, write: Write) -> None:
    old = write("old.py", "from etesian import DAG\nd = DAG('old', schedule='@daily')")
    new = write("new.py", "from etesian import DAG\nd = DAG('new', schedule='@daily')")
    choose_era_with(lambda path: AIRFLOW_2 if path.name == "old.py" else NATIVE)
    try:
        assert load_dags(old, dags_folder=folder)["old"].covers_interval
        assert not load_dags(new, dags_folder=folder)["new"].covers_interval
    finally:
        choose_era_with(lambda path: NATIVE)


def test_a_file_that_is_edited_within_a_second_without_changing_its_size_is_read_anew(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    text = "from etesian import DAG\ndag = DAG({!r}, schedule=None)\n"
    file = write("quick.py", text.format("one"))
    moment = file.stat().st_mtime_ns
    assert list(load_dags(file, dags_folder=file.parent)) == ["one"]
    write("quick.py", text.format("two"))
    os.utime(file, ns=(moment, moment))
    assert list(load_dags(file, dags_folder=file.parent)) == ["two"]

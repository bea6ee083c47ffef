"""``etesian check`` names every planted problem, with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from etesian.cli.main import run_command
from etesian.compat.check.finding import Severity
from etesian.compat.check.importing import check_folder

HEAD = "from airflow import DAG\nfrom airflow.operators.bash import BashOperator\n"
PLANTED = {
    "syntax.py": ("def broken(:\n", 1, "SyntaxError"),
    "provider.py": ("from airflow.providers.nosuch.hooks.x import XHook\n", 1, "providers install nosuch"),
    "removed.py": ("import os\nfrom airflow.www.app import csrf\n", 2, "api-server"),
    "argument.py": (
        HEAD + "with DAG('a'):\n    BashOperator(task_id='t', bash_comand='x')\n",
        4,
        "bash_comand",
    ),
    "cycle.py": (
        HEAD
        + "with DAG('c'):\n    a, b = (BashOperator(task_id=i, bash_command='x') for i in 'ab')\n    a >> b >> a\n",
        3,
        "cycle",
    ),
    "cron.py": (HEAD + "with DAG('s', schedule='99 * * * *'):\n    pass\n", 3, "99"),
    "twice.py": (
        HEAD + "with DAG('t'):\n    BashOperator(task_id='t', bash_command='x')\n"
        "    BashOperator(task_id='t', bash_command='x')\n",
        5,
        "'t'",
    ),
    "same_id.py": (HEAD + "with DAG('s'):\n    pass\n", 1, "also defined"),
    "session.py": (
        (
            "from airflow.utils.session import create_session\n"
            "def f():\n    with create_session() as s:\n        s.query(1)\n"
        ),
        3,
        "create_session",
    ),
    "raises.py": ("import json\njson.loads('{')\n", 2, "JSONDecodeError"),
}


def test_ten_planted_problems_are_all_named_with_their_lines(tmp_path: Path) -> None:
    for name, (source, _, _) in PLANTED.items():
        (tmp_path / name).write_text(source)
    reports = {report.path.name: report.findings for report in check_folder(tmp_path, timeout=30)}
    for name, (_, line, text) in PLANTED.items():
        assert [finding.line for finding in reports[name] if text in finding.text] == [line], reports[name]


def test_a_good_file_has_nothing_to_change(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(
        HEAD + "with DAG('g'):\n    BashOperator(task_id='t', bash_command='x')\n"
    )
    (report,) = check_folder(tmp_path, timeout=30)
    assert (report.dags, report.findings, report.is_fine) == ({"g": 1}, [], True)


def test_a_file_that_takes_too_long_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import threading\nthreading.Event().wait()\n")
    (report,) = check_folder(tmp_path, timeout=0.5)
    assert [finding.severity for finding in report.findings] == [Severity.ERROR]


def test_a_file_that_ends_its_process_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "exits.py").write_text("import os\nos._exit(3)\n")
    (report,) = check_folder(tmp_path, timeout=30)
    assert "ended" in report.findings[0].text


def test_the_exit_code_is_for_scripts(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(HEAD)
    assert run_command(["check", str(tmp_path)]) == 0
    (tmp_path / "bad.py").write_text("1 +\n")
    assert run_command(["check", str(tmp_path)]) == 1


def test_what_files_print_does_not_get_into_the_answer(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "loud.py").write_text(
        "import os, sys\nprint('noise')\nos.system('echo noise >&2')\nsys.exit(3)\n"
    )

    assert run_command(["check", str(tmp_path), "-o", "json"]) == 1

    printed = capfd.readouterr()
    assert "noise" not in printed.out + printed.err
    assert "sys.exit(3)" in json.loads(printed.out)[0]["text"]


def test_a_file_that_kills_its_process_is_named_by_the_signal(tmp_path: Path) -> None:
    (tmp_path / "dies.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    (report,) = check_folder(tmp_path, timeout=30)
    assert report.findings[0].text.startswith("the process was killed by SIGKILL while it imported the file")


def test_a_file_that_eats_memory_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "eats.py").write_text("hoard = []\nwhile True:\n    hoard.append(bytearray(2**30))\n")
    (report,) = check_folder(tmp_path, timeout=30)
    assert (report.findings[0].line, "MemoryError" in report.findings[0].text) == (3, True)


@pytest.mark.parametrize("arguments", [["--timeout", "0"], ["--timeout", "-1"]])
def test_a_time_out_is_more_than_nothing(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "good.py").write_text(HEAD)
    assert run_command(["check", str(tmp_path), *arguments]) == 2


def test_a_folder_without_files_is_not_perfect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["check", str(tmp_path)]) == 3
    assert "there is no Python file below" in capsys.readouterr().err

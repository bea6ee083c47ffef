from __future__ import annotations

import click
import pytest

from etesian.cli.errors import NotFoundError
from etesian.cli.main import root, run_command


def test_the_help_names_every_command_without_importing_any(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--help"]) == 0

    out = capsys.readouterr().out
    for name in ("standalone", "dags", "tasks", "why", "variables", "db", "config", "version"):
        assert f"\n  {name} " in out
    assert "dag-processor" not in out


def commands_of(
    group: click.Group, path: tuple[str, ...] = (), parent: click.Context | None = None
) -> list[tuple[str, ...]]:
    found = []
    context = group.make_context("etesian", [], parent=parent, resilient_parsing=True)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append((*path, name))
        if isinstance(command, click.Group):
            found += commands_of(command, (*path, name), context)
    return found


@pytest.mark.parametrize("path", commands_of(root), ids=" ".join)
def test_every_command_exists_and_helps(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command([*path, "-h"]) == 0

    assert f"Usage: etesian {' '.join(path)} " in capsys.readouterr().out.replace("\n", " ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dgas"], "there is no command 'dgas'; did you mean 'dags'?"),
        (["dags", "lst"], "there is no command 'lst'; did you mean 'list'?"),
        (["dags", "trigger"], "Missing argument 'DAG_ID'"),
        (["dags", "list", "-o", "xml"], "'xml' is not one of 'table', 'json', 'yaml', 'plain'"),
        (["dags", "next-execution", "etl", "-n", "none"], "'none' is not a valid integer range"),
        (["--nope"], "No such option"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2_with_a_sentence(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(arguments) == 2

    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err


def test_the_alias_of_a_command_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["dag-processor", "--help"]) == 0
    assert "Watch the DAG files" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("known", "text"),
    [
        (["etl_daily", "report"], "there is no DAG 'etl_dayly'; did you mean 'etl_daily'?"),
        (["report", "sync"], "there is no DAG 'etl_dayly'; there are: report, sync"),
        (
            [f"{number:02}" for number in range(50)],
            "there is no DAG 'etl_dayly'; there are 50: 00, 01, 02, 03, 04, 05, 06, 07, ...",
        ),
        ([], "there is no DAG 'etl_dayly'; there are none"),
        (None, "there is no DAG 'etl_dayly'"),
    ],
)
def test_a_name_that_nothing_has_offers_what_there_is(known: list[str] | None, text: str) -> None:
    assert str(NotFoundError("DAG", "etl_dayly", known)) == text

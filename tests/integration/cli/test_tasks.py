from __future__ import annotations

from pathlib import Path

import pytest

from etesian.protocol.commands import ClearTasks, MarkTasks, TaskSelection
from etesian.store import Store
from etesian.store.queries import inbox
from tests.integration.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("scheduler")


def test_tasks_are_listed_in_the_order_in_which_they_can_run(run: Run) -> None:
    rows = run("tasks", "list", "etl", "-o", "json").data

    assert [(row["task_id"], row["upstream"]) for row in rows] == [("extract", []), ("load", ["extract"])]


@pytest.mark.parametrize(
    ("arguments", "out", "code"),
    [(("extract", "r1"), "failed", 1), (("extract", "r2"), "none", 0), (("load",), "none", 0)],
)
def test_the_state_of_a_task_is_told(run: Run, arguments: tuple[str, ...], out: str, code: int) -> None:
    result = run("tasks", "state", "etl", *arguments)

    assert (result.out, result.code) == (f"{out}\n", code)


def test_all_states_of_a_run_are_told_with_the_reason(run: Run) -> None:
    rows = run("tasks", "states-for-dag-run", "etl", "r1", "-o", "json").data

    assert [(row["task_id"], row["state"], row["reason"]) for row in rows] == [
        ("extract", "failed", "ValueError: no luck"),
        ("load", "upstream_failed", None),
    ]


def test_a_log_is_printed_with_levels_and_tracebacks(run: Run) -> None:
    assert run("tasks", "logs", "etl", "extract", "r1").out.splitlines() == [
        "2030-01-01T12:00:00.000 working",
        "2030-01-01T12:00:01.000 ERROR no luck",
        "Traceb...",
        "ValueError: no luck",
    ]


def test_clearing_shows_what_it_is_about_and_asks_the_scheduler(run: Run, store: Store) -> None:
    result = run("tasks", "clear", "etl", "-t", "^ext", "-r", "r1", "--downstream", "-y", "-o", "json")

    assert result.code == 0
    assert [row["task_id"] for row in result.data] == ["extract", "load"]
    assert "Queued; it will be applied when a scheduler runs." in result.err
    selection = TaskSelection(dag_id="etl", run_ids=("r1",), task_ids=("extract",), downstream=True)
    with store.write() as connection:
        assert inbox.read(connection)[-1].command == ClearTasks(selection=selection)


def test_a_dry_clear_changes_nothing(run: Run, store: Store) -> None:
    with store.write() as connection:
        before = len(inbox.read(connection))

    rows = run("tasks", "clear", "etl", "--only-failed", "--dry-run", "-o", "json").data

    assert [(row["run_id"], row["task_id"]) for row in rows] == [("r1", "extract"), ("r1", "load")]
    with store.write() as connection:
        assert len(inbox.read(connection)) == before


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ("state", "etl", "extrct", "r1"),
            3,
            "there is no task in run 'r1' named 'extrct'; did you mean 'extract'?",
        ),
        (
            ("state", "etl", "extract", "r1", "--map-index", "3"),
            3,
            "it has no instance 3; leave --map-index out",
        ),
        (("mark", "failed", "etl", "extract", "r2", "-m", "3", "-y"), 3, "it has no instance 3"),
        (("clear", "etl", "-s", "2099-01-01", "-y"), 3, "DAG 'etl' has no run that was due from 2099-01-01"),
        (
            ("clear", "report", "-y"),
            3,
            "DAG 'report' has no runs yet; `etesian dags trigger report` starts one",
        ),
        (("state", "report", "only"), 3, "DAG 'report' has no runs yet"),
        (("test", "etl", "extract", "-t", "{"), 2, "the JSON ends before it is complete"),
        (("test", "etl", "extract", "--file", "/"), 2, "'/' is a folder; --file takes one DAG file"),
        (("logs", "etl", "extract", "r1", "--try", "2"), 3, "of try '2'; there are: 1"),
        (("logs", "etl", "load", "r2"), 3, "there is no log"),
        (("clear", "etl", "-t", "("), 2, "'(' is not a pattern"),
        (("clear", "etl", "-t", "zzz"), 3, "that matches 'zzz'"),
        (("clear", "etl"), 2, "say --yes if it is meant"),
        (("test", "nope", "x"), 3, "there is no DAG 'nope'"),
    ],
)
def test_mistakes_are_one_sentence_and_an_exit_code(
    run: Run, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = run("tasks", *arguments)

    assert result.code == code
    assert message in result.err


def test_why_names_what_keeps_a_task_waiting(run: Run) -> None:
    result = run("why", "etl", "load", "r2")

    assert result.code == 0
    assert result.out.startswith("Task 'load' in run 'r2' is none.\n  - ")


def test_a_task_is_tried_in_this_process(run: Run, dag_file: Path) -> None:
    result = run("tasks", "test", "trial", "double", "--file", str(dag_file))

    assert result.code == 0, result.err
    assert "Success.\n  return_value = 42\n" in result.out


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_task_is_tried_at_the_ends_of_time(run: Run, dag_file: Path, day: str) -> None:
    assert run("tasks", "test", "trial", "double", day, "--file", str(dag_file)).code == 0


@pytest.mark.usefixtures("scheduler")
def test_a_log_is_printed_in_every_format(run: Run) -> None:
    lines = run("tasks", "logs", "etl", "extract", "r1", "-o", "json").data

    assert [(line["level"], line["message"]) for line in lines] == [("info", "working"), ("error", "no luck")]
    assert lines[1]["error_detail"] == "Traceb...\nValueError: no luck"
    plain = run("tasks", "logs", "etl", "extract", "r1", "-o", "plain").out.splitlines()
    assert plain[0] == "time\tlevel\tsource\tmessage\terror_detail"
    assert len(plain) == 3


def test_a_task_that_fails_when_tried_is_exit_code_1(run: Run, dag_file: Path) -> None:
    result = run("tasks", "test", "trial", "broken", "--file", str(dag_file))

    assert result.code == 1
    assert "no luck" in result.out


def test_templates_are_shown_filled_in(run: Run, dag_file: Path) -> None:
    dag_file.write_text(
        "from etesian import DAG\n"
        "from etesian.operators.bash import BashOperator\n"
        'with DAG("trial", schedule=None):\n'
        '    BashOperator(task_id="say", bash_command="echo {{ ds }} {{ dag_run.conf.n }}")\n'
    )

    record = run(
        "tasks",
        "render",
        "trial",
        "say",
        "2030-02-03",
        "--conf",
        '{"n": 7}',
        "--file",
        str(dag_file),
        "-o",
        "json",
    )

    assert record.code == 0, record.err
    assert record.data["bash_command"] == "echo 2030-02-03 7"


def test_marking_shows_what_it_is_about_and_asks_the_scheduler(run: Run, store: Store) -> None:
    dry = run("tasks", "mark", "success", "etl", "extract", "r2", "-d", "--dry-run", "-o", "json")
    assert [row["task_id"] for row in dry.data] == ["extract", "load"]

    assert run("tasks", "mark", "failed", "etl", "load", "r1", "--yes", "--note", "known").code == 0

    with store.write() as connection:
        command = inbox.read(connection)[-1].command
    selection = TaskSelection(dag_id="etl", run_ids=("r1",), task_ids=("load",))
    assert command == MarkTasks(selection=selection, state="failed", note="known")

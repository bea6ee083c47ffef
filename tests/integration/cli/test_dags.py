from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from etesian.lifecycle.records import RunKey
from etesian.protocol.commands import DeleteDag, PauseChanged, RunRequested
from etesian.store import Store
from etesian.store.queries import inbox
from etesian.store.queries.audit import AuditFilter, list_audit_entries
from etesian.store.queries.dags import load_dag
from etesian.store.queries.import_errors import save_import_error
from etesian.store.queries.page import Paging
from etesian.store.queries.runs import load_run
from etesian.store.tables import connections_table
from tests.conformance.store.samples import NOW
from tests.integration.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("scheduler")


def test_dags_are_listed(run: Run) -> None:
    rows = run("dags", "list", "-o", "json").data

    assert [(row["dag_id"], row["is_paused"], row["schedule"], row["tasks"]) for row in rows] == [
        ("etl", True, "0 6 * * *", 2),
        ("report", True, "None", 1),
    ]


def test_a_dag_is_drawn_with_what_each_task_waits_for(run: Run) -> None:
    assert run("dags", "show", "etl").out.splitlines() == [
        "etl  (0 6 * * *)",
        "  extract  BashOperator",
        "    load  PythonOperator  ← extract",
    ]


def test_details_say_the_schedule_in_words(run: Run) -> None:
    record = run("dags", "details", "etl", "-o", "json").data

    assert record["schedule_in_words"].startswith("At 06:00")
    assert record["tasks"] == ["extract", "load"]


def test_next_executions_are_points_of_the_schedule(run: Run) -> None:
    rows = run("dags", "next-execution", "etl", "-n", "3", "-o", "json").data

    assert [row["run_after"][11:] for row in rows] == ["06:00:00Z"] * 3


def test_a_dag_without_a_schedule_has_no_next_execution(run: Run) -> None:
    assert "has no time to run at: only when triggered" in run("dags", "next-execution", "report").out


def test_triggering_stores_a_run_for_the_scheduler(run: Run, store: Store) -> None:
    result = run("dags", "trigger", "etl", "-c", '{"n": 1}', "-r", "mine", "-o", "json")

    assert (result.code, result.data["run_id"]) == (0, "mine")
    assert "the run waits for `etesian dags unpause etl`" in result.err
    with store.write() as connection:
        assert load_run(connection, RunKey("etl", "mine")).conf == {"n": 1}
        assert inbox.read(connection)[-1].command == RunRequested(dag_id="etl", run_id="mine")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("trigger", "elt"), 3, "there is no DAG 'elt'; did you mean 'etl'?"),
        (("trigger", "etl", "-c", "[1]"), 2, "--conf must be a JSON object"),
        (("trigger", "etl", "-r", "r1"), 4, "already has a run 'r1'"),
        (("trigger", "etl", "-r", "a b"), 2, "run_id 'a b' is not allowed"),
        (("trigger", "etl", "-c", "{"), 2, "the JSON ends before it is complete"),
        (("trigger", "etl", "-c", '{"a":' * 100_000), 2, "nested too deeply"),
        (("trigger", "etl", "-e", "0001-01-01T00:00+14:00"), 2, "is not a moment"),
        (("trigger", "etl", "-e", "tomorrow"), 2, "'tomorrow' is not a moment"),
        (("state", "etl", "r9"), 3, "there is no run of DAG 'etl' named 'r9'; there are: r1, r2"),
        (("pause", "etl", "nope"), 3, "there is no DAG 'nope'"),
        (("delete", "etl"), 2, "say --yes if it is meant"),
    ],
)
def test_mistakes_are_one_sentence_and_an_exit_code(
    run: Run, store: Store, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = run("dags", *arguments)

    assert result.code == code
    assert message in result.err
    with store.read() as connection:
        assert load_dag(connection, "etl").is_paused is True


def test_runs_are_listed_newest_first(run: Run) -> None:
    rows = run("dags", "list-runs", "etl", "-o", "json").data

    assert [(row["run_id"], row["state"]) for row in rows] == [("r2", "running"), ("r1", "failed")]
    assert [
        row["run_id"] for row in run("dags", "list-runs", "etl", "--state", "failed", "-o", "json").data
    ] == ["r1"]


@pytest.mark.parametrize(("name", "state", "code"), [("r1", "failed", 1), ("2030-01-01T12:00", "running", 0)])
def test_the_state_of_a_run_is_told_by_its_name_or_date(run: Run, name: str, state: str, code: int) -> None:
    result = run("dags", "state", "etl", name)

    assert (result.out, result.code) == (f"{state}\n", code)


def test_pausing_answers_in_every_format(run: Run) -> None:
    assert run("dags", "unpause", "etl", "report", "-o", "json").data == [
        {"dag_id": "etl", "is_paused": False},
        {"dag_id": "report", "is_paused": False},
    ]
    assert run("dags", "pause", "etl", "-o", "plain").out == "dag_id\tis_paused\netl\tyes\n"


def test_a_search_without_a_hit_does_not_say_that_there_are_no_dags(run: Run) -> None:
    assert run("dags", "list", "--search", "zzz").out == "There are no such DAGs.\n"
    assert run("dags", "list", "--tag", "zzz").out == "There are no such DAGs.\n"


def test_unpausing_tells_the_scheduler(run: Run, store: Store) -> None:
    assert run("dags", "unpause", "etl").out == "DAG 'etl' is unpaused.\n"
    assert run("dags", "unpause", "etl").out == "DAG 'etl' was unpaused already.\n"
    with store.write() as connection:
        assert inbox.read(connection)[-1].command == PauseChanged(dag_id="etl", is_paused=False)


def test_a_delete_without_a_scheduler_waits_in_the_inbox(run: Run, store: Store) -> None:
    result = run("dags", "delete", "etl", "--yes")

    assert (result.code, result.out) == (0, "")
    assert result.err == "Queued; it will be applied when a scheduler runs.\n"
    with store.write() as connection:
        assert inbox.read(connection)[-1].command == DeleteDag(dag_id="etl")


def test_import_errors_are_an_exit_code_too(run: Run, store: Store) -> None:
    assert run("dags", "list-import-errors").code == 0
    with store.write() as connection:
        save_import_error(connection, bundle="dags", file="bad.py", message="SyntaxError", line=3, now=NOW)

    result = run("dags", "list-import-errors", "-o", "json")

    assert result.code == 1
    assert [(row["file"], row["line"], row["error"]) for row in result.data] == [("bad.py", 3, "SyntaxError")]


def test_what_a_person_changes_is_written_into_the_audit_log(run: Run, store: Store) -> None:
    run("dags", "unpause", "etl")
    run("dags", "unpause", "etl")

    with store.read() as connection:
        found = list_audit_entries(connection, AuditFilter(dag_id="etl"), Paging()).items

    assert [(entry.action, entry.details) for entry in found] == [("unpause_dag", {"source": "cli"})]
    assert found[0].user


def test_trying_a_dag_whose_file_is_broken_says_that_files_are(run: Run, dag_file: Path) -> None:
    dag_file.write_text("from etesian import DAG\n1 / 0\n")

    result = run("dags", "test", "trial")

    assert result.code == 3
    assert f"no DAG file below '{dag_file.parent}' defines 'trial'; there are none" in result.err
    assert f"; 1 file cannot be imported, `etesian check {dag_file.parent}` says why" in result.err


def test_a_file_that_hangs_is_given_up_when_the_settings_say(
    run: Run, dag_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETESIAN__PARSER__FILE_TIMEOUT_SECONDS", "1")
    dag_file.write_text("from etesian import DAG\nimport threading\nthreading.Event().wait()\n")

    result = run("run", str(dag_file))

    assert result.code == 1
    assert "trial.py:3: the import did not end within 1 second" in result.err


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("x = 1", 1, "defines no DAG"),
        (
            "from etesian import DAG\na, b = DAG('a'), DAG('b')",
            2,
            "defines 2 DAGs; name one with --dag: a, b",
        ),
    ],
)
def test_a_file_to_run_defines_one_dag(run: Run, dag_file: Path, text: str, code: int, message: str) -> None:
    dag_file.write_text(text + "\n")

    result = run("run", str(dag_file))

    assert (result.code, message in result.err) == (code, True)


def test_what_the_tasks_of_a_run_came_to_is_printed_for_scripts(run: Run, dag_file: Path) -> None:
    result = run("run", str(dag_file), "-o", "json")

    assert result.code == 1
    assert {row["task_id"]: row["state"] for row in result.data} == {"double": "success", "broken": "failed"}
    assert "ValueError: no luck" in result.err


def test_a_connection_that_would_be_refused_today_keeps_no_dag_from_being_tried(
    run: Run, dag_file: Path, store: Store
) -> None:
    run("connections", "add", "old", "--conn-type", "http")
    with store.write() as connection:
        connection.execute(update(connections_table).values(port=99_999))

    result = run("run", str(dag_file))

    assert "ValueError: no luck" in result.out, result.err

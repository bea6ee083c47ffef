"""The database, the settings and the installation."""

from __future__ import annotations

from pathlib import Path

import pytest

from etesian.store import Store
from tests.integration.cli.conftest import Run


def test_a_new_database_is_made_by_migrate(run: Run) -> None:
    missing = run("db", "check")
    assert (missing.code, "run `etesian db migrate`" in missing.err) == (1, True)
    assert run("dags", "list").code == 1

    assert "were brought to this release" in run("db", "migrate").out
    assert "nothing to do" in run("db", "migrate").out
    assert run("db", "check").code == 0
    assert "There are no DAGs." in run("dags", "list").out


def test_a_reset_needs_a_yes(run: Run, store: Store) -> None:
    run("variables", "set", "a", "1")

    assert run("db", "reset").code == 2
    assert run("variables", "get", "a").code == 0
    assert run("db", "reset", "--yes").code == 0
    assert run("variables", "get", "a").code == 3


@pytest.mark.usefixtures("scheduler")
def test_cleaning_deletes_old_runs_only(run: Run) -> None:
    dry = run("db", "clean", "--before", "2030-01-01", "--dry-run", "-o", "json")
    assert {row["table"]: row["rows"] for row in dry.data}["dag_runs"] == 1
    assert len(run("dags", "list-runs", "etl", "-o", "json").data) == 2

    assert run("db", "clean", "--before", "2030-01-01", "--yes").code == 0
    assert [row["run_id"] for row in run("dags", "list-runs", "etl", "-o", "json").data] == ["r2"]


def test_settings_are_listed_with_their_source_and_masked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETESIAN__SMTP__PASSWORD", "hunter2-canary")
    monkeypatch.setenv("ETESIAN__CORE__PARALLELISM", "7")

    rows = {row["setting"]: row for row in run("config", "list", "--changed", "-o", "json").data}

    assert rows["core.parallelism"]["value"] == 7
    assert rows["core.parallelism"]["source"] == "environment variable ETESIAN__CORE__PARALLELISM"
    assert rows["smtp.password"]["value"] == "***"
    assert run("config", "get-value", "smtp", "password").out == "***\n"
    assert run("config", "get-value", "core", "load_examples").out == "false\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("get-value", "core", "paralelism"), "did you mean 'parallelism'?"),
        (("get-value", "coer", "x"), "did you mean 'core'"),
        (("list", "--section", "coer"), "did you mean 'core'"),
    ],
)
def test_a_setting_that_does_not_exist_is_exit_code_3(
    run: Run, arguments: tuple[str, ...], message: str
) -> None:
    result = run("config", *arguments)

    assert result.code == 3
    assert message in result.err


def test_a_wrong_setting_stops_every_command_with_a_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETESIAN__API__PORT", "http")

    result = run("dags", "list")

    assert result.code == 2
    assert result.err == (
        "Error: environment variable ETESIAN__API__PORT: api.port cannot be 'http'; "
        "expected a whole number from 0 to 65535\n"
    )


def test_info_describes_the_installation_without_secrets(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETESIAN__DATABASE__URL", "postgresql://etl:hunter2-canary@db/etesian")

    result = run("info", "-o", "json")

    assert result.data["database"] == "postgresql://etl:***@db/etesian"
    assert result.data["changed_settings"] == ["database.url"]
    assert run("version").out.strip() == result.data["version"]


def test_a_home_that_cannot_be_written_is_a_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocker = tmp_path / "a-file"
    blocker.write_text("")
    monkeypatch.setenv("ETESIAN_HOME", str(blocker / "home"))

    result = run("db", "migrate")

    assert result.code == 1
    assert "make the folder writable, or set ETESIAN_HOME" in result.err


def test_every_fact_is_printed_in_every_format(run: Run, store: Store) -> None:
    assert run("version", "-o", "json").data == {"version": run("version").out.strip()}
    assert run("db", "check", "-o", "json").data["status"] == "fine"
    assert run("compat", "status", "-o", "json").data["is_enabled"] in (True, False)
    record = run("config", "get-value", "core", "parallelism", "-o", "json").data
    assert record == {"setting": "core.parallelism", "value": 32, "source": "default"}


def test_a_database_url_that_cannot_be_read_is_a_wrong_setting(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETESIAN__DATABASE__URL", "mysql://nowhere")

    assert run("db", "check").code == 2

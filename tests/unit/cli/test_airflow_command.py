"""Command lines of Airflow, translated."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from etesian.cli.airflow_command import NoCounterpartError, translate
from etesian.compat.environment import ForeignCommandError, remove_command, write_command


@pytest.mark.parametrize(
    ("airflow", "ours"),
    [
        ("version", "version"),
        ("standalone", "standalone"),
        ("db migrate", "db migrate"),
        ("db upgrade", "db migrate"),
        ("db reset -y", "db reset -y"),
        ("initdb", "db migrate"),
        ("webserver", "api-server"),
        ("dag-processor", "parser"),
        ("celery worker", "worker"),
        ("dags list -o json", "dags list -o json"),
        ("dags list --subdir folder -v", "dags list"),
        ("list_dags -S=folder", "dags list"),
        ("dags trigger etl -c {} --exec-date 2030-01-01", "dags trigger etl -c {} --exec-date 2030-01-01"),
        ("trigger_dag etl", "dags trigger etl"),
        ("tasks test etl load 2030-01-01", "tasks test etl load 2030-01-01"),
        ("test etl load 2030-01-01", "tasks test etl load 2030-01-01"),
        ("tasks clear etl -t load -s 2030-01-01 -y", "tasks clear etl -t load -s 2030-01-01 -y"),
        ("tasks failed-deps etl load night", "why etl load night"),
        (
            "backfill etl -s 2030-01-01 -e 2030-01-03 --reset_dagruns -y",
            "backfill create --dag-id etl --from-date 2030-01-01 --to-date 2030-01-03 --reprocess-behavior completed",
        ),
        (
            "dags backfill --start-date=2030-01-01 -e 2030-01-03 --run-backwards etl",
            "backfill create --from-date 2030-01-01 --to-date 2030-01-03 --run-backwards --dag-id etl",
        ),
        (
            "backfill create --dag-id etl --from-date 2030-01-01",
            "backfill create --dag-id etl --from-date 2030-01-01",
        ),
        ("variables get key -d 1", "variables get key -d 1"),
        ("", ""),
    ],
)
def test_a_command_line_of_airflow_becomes_ours(airflow: str, ours: str) -> None:
    assert translate(airflow.split()) == ours.split()


@pytest.mark.parametrize(
    "command", ["users create -u me", "tasks run etl load night", "celery flower", "jobs check"]
)
def test_a_command_without_counterpart_says_what_to_do(command: str) -> None:
    with pytest.raises(NoCounterpartError, match="is not needed here: "):
        translate(command.split())


def test_the_command_is_written_run_and_removed(tmp_path: Path) -> None:
    path = write_command(tmp_path)

    done = subprocess.run(
        [path, "users", "list"], capture_output=True, text=True, timeout=60, env=dict(os.environ), check=False
    )

    assert done.returncode == 2
    assert "`airflow users` is not needed here" in done.stderr
    assert remove_command(tmp_path)
    assert not remove_command(tmp_path)


def test_a_command_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "airflow").write_text("#!/bin/sh\necho the real one\n")

    with pytest.raises(ForeignCommandError, match="is not Etesian's"):
        write_command(tmp_path)
    assert not remove_command(tmp_path)

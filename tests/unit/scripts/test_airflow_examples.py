"""Comparing Airflow's examples: what is expected, what differs, and where the files come from."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from scripts.airflow_examples.expectations import VERSIONS, Expectation, find_differences, read_examples
from scripts.airflow_examples.wheels import unpack_examples

EXPECTED = Expectation(run="success", tasks={"choose": "success", "a": "skipped"}, by_chance=False, conf={})
BY_LOT = Expectation(run="success", tasks={"a": "success", "b": "skipped"}, by_chance=True, conf={})


def test_a_run_that_comes_to_the_same_has_no_differences() -> None:
    assert find_differences(EXPECTED, "success", {"choose": "success", "a": "skipped"}) == []


def test_each_difference_is_a_line() -> None:
    assert find_differences(EXPECTED, "failed", {"choose": "failed", "b": "success"}) == [
        "the run is failed, in Airflow success",
        "a is not there, in Airflow skipped",
        "b is success, in Airflow not there",
        "choose is failed, in Airflow success",
    ]


def test_where_a_lot_is_drawn_only_numbers_count() -> None:
    assert find_differences(BY_LOT, "success", {"a": "skipped", "b": "success"}) == []
    assert find_differences(BY_LOT, "success", {"a": "skipped", "b": None}) == [
        "1 skipped, 1 None; in Airflow 1 skipped, 1 success"
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_written_down_can_be_read(version: str) -> None:
    examples = read_examples(version)
    assert len(examples.expected) > 20
    assert not set(examples.expected) & set(examples.left_out)
    assert {expected.run for expected in examples.expected.values()} <= {"success", "failed"}


def test_only_dag_files_are_taken_out_of_a_wheel(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "apache_airflow-2.10.5-py3-none-any.whl", "w") as wheel:
        for name in (
            "airflow/__init__.py",
            "airflow/example_dags/tutorial.py",
            "airflow/example_dags/plugins/p.py",
        ):
            wheel.writestr(name, "x = 1\n")
    unpack_examples("2.10.5", tmp_path, tmp_path / "dags")
    assert [path.name for path in (tmp_path / "dags").rglob("*.py")] == ["tutorial.py"]

"""Sensors for functions and files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etesian.protocol.requests import FoundConnection
from etesian.sdk.dags.dag import DAG
from etesian.sdk.exceptions import AirflowException, AirflowNotFoundException, TaskDeferred
from etesian.sensors.base import PokeReturnValue
from etesian.sensors.filesystem import FileSensor
from etesian.sensors.python import PythonSensor
from tests.unit.memory_platform import DAY, MemoryPlatform, make_context


@pytest.fixture(autouse=True)
def dag() -> Iterator[DAG]:
    with DAG("dag", start_date=DAY) as made:
        yield made


def test_a_function_decides_with_its_arguments_and_the_context() -> None:
    def function(x: int, ds: str, y: int) -> bool:
        return (x, ds, y) == (1, "2030-01-01", 2)

    sensor = PythonSensor(task_id="t", python_callable=function, op_args=[1], op_kwargs={"y": 2})
    assert sensor.poke(make_context(sensor)) is True


def test_a_function_may_give_the_result_of_the_task() -> None:
    sensor = PythonSensor(task_id="t", python_callable=lambda: PokeReturnValue(True, "found"))
    assert sensor.execute(make_context(sensor)) == "found"


@pytest.mark.parametrize(
    ("pattern", "recursive", "found"),
    [
        ("a.csv", False, True),
        ("*.csv", False, True),
        ("b.csv", False, False),
        ("empty", False, False),
        ("full", False, True),
        ("*/c.txt", False, False),
        ("**/c.txt", True, True),
    ],
)
def test_a_file_is_found_by_pattern_or_in_its_folder(
    tmp_path: Path, platform: MemoryPlatform, pattern: str, recursive: bool, found: bool
) -> None:
    (tmp_path / "a.csv").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "full" / "deep").mkdir(parents=True)
    (tmp_path / "full" / "deep" / "c.txt").touch()
    platform.connections["data"] = FoundConnection(
        found=True, conn_id="data", conn_type="fs", extra=json.dumps({"path": str(tmp_path)})
    )
    sensor = FileSensor(task_id="t", filepath=pattern, fs_conn_id="data", recursive=recursive)
    assert sensor.poke(make_context(sensor)) is found


def test_an_absolute_path_needs_no_connection(tmp_path: Path, platform: MemoryPlatform) -> None:
    (tmp_path / "a").touch()
    sensor = FileSensor(task_id="t", filepath=str(tmp_path / "a"))
    assert sensor.execute(make_context(sensor)) is None


def test_a_connection_that_is_named_must_exist(platform: MemoryPlatform) -> None:
    sensor = FileSensor(task_id="t", filepath="a", fs_conn_id="missing")
    with pytest.raises(AirflowNotFoundException, match="missing"):
        sensor.poke(make_context(sensor))


def test_a_deferrable_file_sensor_looks_first_and_then_waits_on_the_triggerer(
    tmp_path: Path, platform: MemoryPlatform
) -> None:
    path = tmp_path / "a"
    sensor = FileSensor(task_id="t", filepath=str(path), deferrable=True, poke_interval=3)
    with pytest.raises(TaskDeferred) as caught:
        sensor.execute(make_context(sensor))
    assert caught.value.trigger.serialize() == (
        "etesian.triggers.file.FileTrigger",
        {"filepath": str(path), "recursive": False, "poke_interval": 3},
    )
    path.touch()
    assert sensor.execute(make_context(sensor)) is None
    sensor.execute_complete(make_context(sensor), True)
    ended: Any = None
    with pytest.raises(AirflowException, match="without finding"):
        sensor.execute_complete(make_context(sensor), ended)

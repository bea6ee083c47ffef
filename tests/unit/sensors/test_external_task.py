"""Sensors that wait for other DAGs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from etesian.protocol.requests import GetRunStates, GetTaskStates, TaskStateItem
from etesian.sdk.dags.dag import DAG
from etesian.sdk.exceptions import AirflowSkipException, TaskDeferred
from etesian.sensors.base import SensorArgumentError
from etesian.sensors.external_task import (
    ExternalDagNotFoundError,
    ExternalTaskFailedError,
    ExternalTaskSensor,
)
from etesian.spec.codec import encode_dag
from etesian.spec.dag import DagSpec
from etesian.spec.task import GroupSpec, TaskSpec
from tests.unit.memory_platform import DAY, MemoryPlatform, make_context, run_info


@pytest.fixture(autouse=True)
def dag() -> Iterator[DAG]:
    with DAG("dag", start_date=DAY) as made:
        yield made


def sensor(**arguments: Any) -> ExternalTaskSensor:
    return ExternalTaskSensor(task_id="wait", external_dag_id="other", **arguments)


def task_item(state: str, task_id: str = "load", date: datetime = DAY) -> TaskStateItem:
    return TaskStateItem(run_id=f"r{date:%d}", task_id=task_id, state=state, logical_date=date)


def test_a_task_of_the_same_date_is_waited_for(platform: MemoryPlatform) -> None:
    made = sensor(external_task_id="load")
    platform.tasks = [task_item("success", date=DAY + timedelta(days=1))]
    assert made.poke(make_context(made)) is False
    platform.tasks.append(task_item("success"))
    assert made.poke(make_context(made)) is True
    assert platform.requests[0] == GetTaskStates(dag_id="other", task_ids=("load",), logical_dates=(DAY,))


def test_without_a_task_the_whole_run_is_waited_for(platform: MemoryPlatform) -> None:
    made = sensor()
    platform.runs = [run_info("r", state="running")]
    assert made.poke(make_context(made)) is False
    platform.runs = [run_info("r")]
    assert made.poke(make_context(made)) is True
    assert platform.requests[0] == GetRunStates(dag_id="other", logical_dates=(DAY,))


@pytest.mark.parametrize(
    ("arguments", "dates"),
    [
        ({"execution_delta": timedelta(hours=1)}, (DAY - timedelta(hours=1),)),
        ({"execution_date_fn": lambda date: date + timedelta(days=1)}, (DAY + timedelta(days=1),)),
        (
            {"execution_date_fn": lambda date: [date, date + timedelta(days=1)]},
            (DAY, DAY + timedelta(days=1)),
        ),
        ({"execution_date_fn": lambda date, context: context["logical_date"]}, (DAY,)),
        ({"execution_date_fn": lambda date, run_id: DAY if run_id == "run" else None}, (DAY,)),
        ({"execution_date_fn": lambda logical_date, **context: logical_date}, (DAY,)),
    ],
)
def test_the_other_date_may_be_computed(arguments: dict[str, Any], dates: tuple[datetime, ...]) -> None:
    made = sensor(**arguments)
    assert made.make_wait(make_context(made)).logical_dates == dates


def test_a_run_without_a_logical_date_is_known_by_when_it_was_due() -> None:
    made = sensor()
    context = make_context(made, logical_date=None, run_after=DAY + timedelta(hours=3))
    assert made.make_wait(context).logical_dates == (DAY + timedelta(hours=3),)


def test_a_failed_state_fails_or_skips_at_once(platform: MemoryPlatform) -> None:
    platform.tasks = [task_item("failed")]
    made = sensor(external_task_id="load", failed_states=["failed"])
    with pytest.raises(ExternalTaskFailedError, match="tasks load of DAG 'other' has failed"):
        made.execute(make_context(made))
    soft = ExternalTaskSensor(
        task_id="soft",
        external_dag_id="other",
        external_task_id="load",
        failed_states=["failed"],
        soft_fail=True,
    )
    with pytest.raises(AirflowSkipException, match="soft_fail"):
        soft.execute(make_context(soft))


def test_a_skipped_state_skips(platform: MemoryPlatform) -> None:
    platform.tasks = [task_item("skipped")]
    made = sensor(external_task_ids=["load"], skipped_states=["skipped"])
    with pytest.raises(AirflowSkipException, match="was skipped"):
        made.poke(make_context(made))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"external_task_id": "gone"}, "has no task 'gone'"),
        ({"external_task_ids": ["load", "gone"]}, "has no task 'gone'"),
        ({"external_task_group_id": "gone"}, "has no task group 'gone'"),
    ],
)
def test_what_does_not_exist_fails_at_once_when_that_is_checked(
    platform: MemoryPlatform, arguments: dict[str, Any], message: str
) -> None:
    made = sensor(check_existence=True, **arguments)
    with pytest.raises(ExternalDagNotFoundError, match="no DAG 'other'"):
        made.poke(make_context(made))
    spec = DagSpec(
        dag_id="other", file="o.py", tasks=(TaskSpec(task_id="load"),), groups=(GroupSpec(group_id="g"),)
    )
    platform.specs["other"] = encode_dag(spec)
    with pytest.raises(ExternalDagNotFoundError, match=message):
        made.poke(make_context(made))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"external_task_id": "a", "external_task_ids": ["b"]}, "only one of external_task_id"),
        ({"external_task_group_id": "g", "external_task_ids": ["b"]}, "only one of external_task_id"),
        ({"external_task_ids": ["a", "a"]}, "names a task twice"),
        (
            {"execution_delta": timedelta(1), "execution_date_fn": lambda date: date},
            "only one of execution_delta",
        ),
        ({"failed_states": ["success"]}, "more than one of"),
        ({"allowed_states": ["finished"]}, r"waits for \['finished'\]; states are"),
    ],
)
def test_arguments_that_contradict_each_other_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SensorArgumentError, match=message):
        sensor(**arguments)


def test_a_deferrable_sensor_looks_first_and_then_waits_on_the_triggerer(platform: MemoryPlatform) -> None:
    made = sensor(external_task_id="load", deferrable=True, poll_interval=4, failed_states=["failed"])
    with pytest.raises(TaskDeferred) as caught:
        made.execute(make_context(made))
    kwargs = caught.value.trigger.serialize()[1]
    assert (kwargs["external_task_ids"], kwargs["logical_dates"], kwargs["poke_interval"]) == (
        ["load"],
        [DAY],
        4,
    )
    made.execute_complete(make_context(made), {"status": "success"})
    with pytest.raises(ExternalTaskFailedError, match="has failed"):
        made.execute_complete(make_context(made), {"status": "failed"})
    with pytest.raises(AirflowSkipException):
        made.execute_complete(make_context(made), {"status": "skipped"})
    with pytest.raises(ExternalTaskFailedError, match="ended with None"):
        made.execute_complete(make_context(made), None)

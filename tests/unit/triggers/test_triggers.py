"""Triggers: what they wait for, and that they can be made again from what they say of themselves."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from etesian.foundation.clock import utc_now
from etesian.protocol.requests import Refused, TaskStateItem
from etesian.sdk.trigger import BaseTrigger, TaskSuccessEvent, TriggerEvent
from etesian.sdk.xcoms.xcom import deserialize, serialize
from etesian.triggers.external_task import DagStateTrigger, PlatformRefusedError, WorkflowTrigger
from etesian.triggers.file import DirectoryFileDeleteTrigger, FileDeleteTrigger, FileTrigger
from etesian.triggers.temporal import DateTimeTrigger, TimeDeltaTrigger
from tests.unit.memory_platform import DAY, MemoryPlatform, run_info, using_platform


async def _first(trigger: BaseTrigger) -> TriggerEvent:
    async with asyncio.timeout(10):
        async for event in trigger.run():
            return event
    raise AssertionError("the trigger ended without an event")


def first_event(trigger: BaseTrigger) -> TriggerEvent:
    return asyncio.run(_first(trigger))


def remade(trigger: BaseTrigger) -> BaseTrigger:
    """Return the trigger as another process makes it again."""
    path, kwargs = trigger.serialize()
    module, _, name = path.rpartition(".")
    made: BaseTrigger = getattr(import_module(module), name)(**deserialize(serialize(kwargs)))
    return made


@pytest.mark.parametrize(
    "trigger",
    [
        DateTimeTrigger(DAY, end_from_trigger=True),
        TimeDeltaTrigger(timedelta(hours=1)),
        FileTrigger("/data/*.csv", recursive=True, poke_interval=2),
        FileDeleteTrigger("/data/x"),
        DirectoryFileDeleteTrigger(directory="/data", filename="x"),
        WorkflowTrigger(
            "other", logical_dates=[DAY], external_task_ids=["a"], allowed_states=["success"], soft_fail=True
        ),
        WorkflowTrigger("other", run_ids=["r"], external_task_group_id="g"),
        DagStateTrigger("other", ["success"], run_ids=["r"]),
        DagStateTrigger("other", ["success"], execution_dates=[DAY]),
    ],
)
def test_a_trigger_is_made_again_from_what_it_says_of_itself(trigger: BaseTrigger) -> None:
    assert remade(trigger).serialize() == trigger.serialize()


def test_a_moment_that_has_passed_fires_at_once() -> None:
    past = utc_now() - timedelta(hours=1)
    assert first_event(DateTimeTrigger(past)) == TriggerEvent(past.isoformat())
    assert first_event(DateTimeTrigger(past, end_from_trigger=True)) == TaskSuccessEvent()


def test_a_moment_to_come_is_waited_for() -> None:
    moment = utc_now() + timedelta(milliseconds=30)
    first_event(TimeDeltaTrigger(timedelta(milliseconds=30)))
    assert utc_now() >= moment


@pytest.mark.parametrize(
    ("moment", "error"), [(None, TypeError), (5, TypeError), (datetime(2030, 1, 1), ValueError)]
)
def test_a_moment_must_be_a_date_with_a_zone(moment: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        DateTimeTrigger(moment)


def test_a_file_is_waited_for(tmp_path: Path) -> None:
    async def scenario() -> TriggerEvent:
        waiting = asyncio.create_task(_first(FileTrigger(str(tmp_path / "*.csv"), poke_interval=0.005)))
        await asyncio.sleep(0.02)
        assert not waiting.done()
        (tmp_path / "a.csv").touch()
        return await waiting

    assert asyncio.run(scenario()) == TriggerEvent(True)


def test_a_file_is_deleted_each_time_it_turns_up(tmp_path: Path) -> None:
    path = tmp_path / "a"

    async def scenario() -> int:
        seen = 0
        path.touch()
        async with asyncio.timeout(10):
            async for _ in FileDeleteTrigger(str(path), poke_interval=0.005).run():
                assert not path.exists()
                seen += 1
                if seen == 2:
                    return seen
                path.touch()
        return seen

    assert asyncio.run(scenario()) == 2


def test_tasks_of_another_dag_are_waited_for(platform: MemoryPlatform) -> None:
    platform.tasks = [TaskStateItem(run_id="r", task_id="a", state="running", logical_date=DAY)]
    trigger = WorkflowTrigger(
        "other", logical_dates=[DAY], external_task_ids=["a"], allowed_states=["success"], poke_interval=0.005
    )

    async def scenario() -> TriggerEvent:
        waiting = asyncio.create_task(_first(trigger))
        while len(platform.requests) < 2:
            await asyncio.sleep(0.001)
        platform.tasks = [TaskStateItem(run_id="r", task_id="a", state="success", logical_date=DAY)]
        return await waiting

    assert asyncio.run(scenario()) == TriggerEvent({"status": "success"})


def test_runs_of_another_dag_are_waited_for(platform: MemoryPlatform) -> None:
    platform.runs = [
        run_info("a", state="failed"),
        run_info("b", state="success"),
        run_info("c", state="running"),
    ]
    trigger = DagStateTrigger("other", ["success", "failed"], run_ids=["a", "b"], poll_interval=0.005)
    assert first_event(trigger) == TriggerEvent({"a": "failed", "b": "success"})


def test_a_platform_that_refuses_fails_the_trigger() -> None:
    class Refuses(MemoryPlatform):
        def ask(self, request: Any) -> Any:
            return Refused(reason="not now")

    with using_platform(Refuses()):
        for trigger in (WorkflowTrigger("other", run_ids=["r"]), DagStateTrigger("other", ["success"])):
            with pytest.raises(PlatformRefusedError, match="not now"):
                first_event(trigger)

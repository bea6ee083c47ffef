"""What tests of the SDK share: a platform in memory, and a way to run one task as a worker would."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from etesian.protocol.reports import Outcome, Succeeded
from etesian.protocol.requests import (
    Answer,
    Done,
    FoundValue,
    GetRunStates,
    GetTaskStates,
    GetVariable,
    GetXCom,
    PushXCom,
    Refused,
    Request,
    RunInfo,
    RunInfos,
    SetRenderedFields,
    TaskStateItem,
    TaskStates,
    XComItem,
    XComItems,
)
from etesian.protocol.workloads import RunContext, RunTask
from etesian.sdk.attempts.execution import execute_task
from etesian.sdk.connections.secrets_masker import secrets_masker
from etesian.sdk.runtime import set_platform

NOON = datetime(2030, 1, 2, 12, tzinfo=UTC)


class MemoryPlatform:
    """Answers requests from dictionaries, as the store does from tables."""

    def __init__(self) -> None:
        self.xcoms: dict[tuple[str, str, str, int, str], bytes] = {}
        self.variables: dict[str, str] = {}
        self.runs: list[RunInfo] = []
        self.states: list[TaskStateItem] = []
        self.rendered: list[dict[str, Any]] = []
        self.requests: list[Request] = []

    def ask(self, request: Request) -> Answer:
        self.requests.append(request)
        match request:
            case PushXCom():
                at = (request.dag_id, request.run_id, request.task_id, request.map_index, request.value.key)
                self.xcoms[at] = request.value.value
                return Done()
            case GetXCom():
                return XComItems(items=tuple(self._find(request)))
            case SetRenderedFields():
                self.rendered.append(json.loads(request.fields))
                return Done()
            case GetVariable():
                return FoundValue(value=self.variables.get(request.key))
            case GetRunStates():
                return RunInfos(runs=tuple(self._runs(request)))
            case GetTaskStates():
                states = request.states
                return TaskStates(items=tuple(i for i in self.states if states is None or i.state in states))
        return Refused(reason=f"no table for {type(request).__name__}")

    def _find(self, request: GetXCom) -> Iterator[XComItem]:
        order = sorted(self.xcoms, key=lambda at: (at[1] != request.run_id, at[2], at[3]))
        for dag_id, run_id, task_id, map_index, key in order:
            wanted = (
                dag_id == request.dag_id
                and (request.include_prior_dates or run_id == request.run_id)
                and (request.task_ids is None or task_id in request.task_ids)
                and request.key in (None, key)
                and (request.map_indexes is None or map_index in request.map_indexes)
            )
            if wanted:
                value = self.xcoms[dag_id, run_id, task_id, map_index, key]
                yield XComItem(task_id=task_id, map_index=map_index, run_id=run_id, key=key, value=value)

    def _runs(self, request: GetRunStates) -> Iterator[RunInfo]:
        found = (run for run in self.runs if request.states is None or run.state in request.states)
        yield from islice(found, request.limit)


@pytest.fixture
def memory_platform() -> Iterator[MemoryPlatform]:
    """Install a platform in memory for one test."""
    memory = MemoryPlatform()
    previous = set_platform(memory)
    yield memory
    set_platform(previous)
    secrets_masker().reset()


def make_run(dag_id: str = "etl", **kwargs: Any) -> RunContext:
    parts: dict[str, Any] = {
        "dag_id": dag_id,
        "run_id": "scheduled__2030-01-02",
        "run_type": "scheduled",
        "run_after": NOON,
        "logical_date": NOON,
        "data_interval_start": NOON - timedelta(days=1),
        "data_interval_end": NOON,
    }
    return RunContext(**{**parts, **kwargs})


@pytest.fixture
def run_task(memory_platform: MemoryPlatform) -> Callable[..., Outcome]:
    """Return a function that runs one task and keeps what it pushes, as worker and scheduler do."""

    def run(task: Any, map_index: int = -1, run: RunContext | None = None, **kwargs: Any) -> Outcome:
        task = getattr(task, "operator", task)
        run = run or make_run(task.dag_id)
        workload = RunTask(
            attempt_id=f"{task.task_id}-{map_index}",
            run=run,
            task_id=task.task_id,
            map_index=map_index,
            file="etl.py",
            **kwargs,
        )
        outcome = execute_task(task, workload)
        if isinstance(outcome, Succeeded):
            for xcom in outcome.xcoms:
                memory_platform.xcoms[run.dag_id, run.run_id, task.task_id, map_index, xcom.key] = xcom.value
        return outcome

    return run

"""A platform that lives in memory, and contexts of tasks that run on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from etesian.protocol.requests import (
    Answer,
    ClearRun,
    DeleteVariable,
    Done,
    FoundConnection,
    FoundDag,
    FoundValue,
    GetAssetEvents,
    GetConnection,
    GetDag,
    GetRunStates,
    GetTaskStates,
    GetVariable,
    PushXCom,
    Refused,
    Request,
    RunInfo,
    RunInfos,
    SetVariable,
    TaskStateItem,
    TaskStates,
    TriggeredRun,
    TriggerRun,
)
from etesian.protocol.workloads import RunContext
from etesian.sdk.context import Context
from etesian.sdk.running.context_building import build_context
from etesian.sdk.running.dag_run import DagRun
from etesian.sdk.running.task_instance import InstanceFacts, TaskInstance
from etesian.sdk.runtime import set_platform
from etesian.sdk.xcoms.xcom import deserialize

DAY = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass
class MemoryPlatform:
    """Answers requests from what a test put into it, and keeps them all."""

    variables: dict[str, str] = field(default_factory=dict)
    connections: dict[str, FoundConnection] = field(default_factory=dict)
    runs: list[RunInfo] = field(default_factory=list)
    tasks: list[TaskStateItem] = field(default_factory=list)
    specs: dict[str, bytes] = field(default_factory=dict)
    paused: set[str] = field(default_factory=set)
    asset_events: str = "[]"
    xcoms: dict[str, Any] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def ask(self, request: Request) -> Answer:
        """Answer one request."""
        self.requests.append(request)
        match request:
            case GetVariable(key=key):
                return FoundValue(value=self.variables.get(key))
            case SetVariable(key=key, value=value):
                self.variables[key] = value
                return Done()
            case DeleteVariable(key=key):
                del self.variables[key]
                return Done()
            case GetConnection(conn_id=conn_id):
                return self.connections.get(conn_id, FoundConnection())
            case PushXCom(value=value):
                self.xcoms[value.key] = deserialize(value.value)
                return Done()
            case GetAssetEvents():
                return FoundValue(value=self.asset_events)
            case ClearRun():
                return Done()
            case _:
                return self._answer_about_dags(request)

    def _answer_about_dags(self, request: Request) -> Answer:
        match request:
            case GetRunStates():
                return RunInfos(runs=tuple(run for run in self.runs if _is_wanted_run(run, request)))
            case GetTaskStates():
                return TaskStates(items=tuple(item for item in self.tasks if _is_wanted_task(item, request)))
            case GetDag(dag_id=dag_id):
                return FoundDag(spec=self.specs.get(dag_id), is_paused=dag_id in self.paused)
            case TriggerRun(dag_id=dag_id, run_id=run_id):
                chosen = run_id or "manual__1"
                exists = any(run.run_id == chosen for run in self.runs)
                if not exists:
                    self.runs.append(run_info(chosen, dag_id=dag_id, state="running"))
                return TriggeredRun(run_id=chosen, already_exists=exists)
        return Refused(reason=f"{type(request).__name__} is not for this platform")


def _is_wanted_run(run: RunInfo, request: GetRunStates) -> bool:
    return (
        run.dag_id == request.dag_id
        and (request.run_ids is None or run.run_id in request.run_ids)
        and (request.logical_dates is None or run.logical_date in request.logical_dates)
        and (request.states is None or run.state in request.states)
    )


def _is_wanted_task(item: TaskStateItem, request: GetTaskStates) -> bool:
    return (request.task_ids is None or item.task_id in request.task_ids) and (
        request.logical_dates is None or item.logical_date in request.logical_dates
    )


def run_info(run_id: str, *, dag_id: str = "other", state: str = "success", date: datetime = DAY) -> RunInfo:
    """Return one run of another DAG."""
    return RunInfo(
        dag_id=dag_id, run_id=run_id, run_type="manual", state=state, run_after=date, logical_date=date
    )


@contextmanager
def using_platform(platform: MemoryPlatform) -> Iterator[MemoryPlatform]:
    """Let user code reach a platform in a block."""
    previous = set_platform(platform)
    try:
        yield platform
    finally:
        set_platform(previous)


def make_context(
    task: Any, *, map_index: int = -1, started_at: datetime | None = None, **run: Any
) -> Context:
    """Return the context of a running task; keywords are fields of its run."""
    dag_id = task.dag.dag_id if task.has_dag() else "dag"
    fields = {"run_type": "scheduled", "run_after": DAY, "logical_date": DAY, **run}
    dag_run = DagRun(RunContext(dag_id=dag_id, run_id="run", **fields))
    facts = InstanceFacts(attempt_id="attempt", map_index=map_index, started_at=started_at)
    return build_context(TaskInstance(task, dag_run, facts))

"""Drives a core by hand: events in, decisions kept, states looked up by short names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from etesian.lifecycle.records import DagRunRecord, RunKey, TaskInstanceRecord, TaskKey
from etesian.lifecycle.state import RunState, RunType
from etesian.protocol.reports import Claim, Failed, Finished, Outcome, Succeeded, XComValue
from etesian.protocol.workloads import RunCallback, RunTask
from etesian.scheduler.core.core import Core
from etesian.scheduler.core.decisions import (
    Decision,
    DeleteTaskInstances,
    Dispatch,
    SaveRun,
    SaveTaskInstance,
)
from etesian.scheduler.core.events import Event, PoolsSet, RunAdded, RunLoaded, SpecUpdated
from etesian.scheduler.core.settings import CoreSettings
from etesian.spec.dag import DagSpec
from etesian.spec.task import TaskSpec

START = datetime(2030, 1, 1, tzinfo=UTC)
AnyDecision = TypeVar("AnyDecision")


def dag(*tasks: TaskSpec, **fields: Any) -> DagSpec:  # Any: fields of DagSpec
    """Return a DAG named ``d``, unless ``dag_id`` says otherwise."""
    return DagSpec(**{"dag_id": "d", "file": "d.py", "tasks": tasks, **fields})


def task(task_id: str, *upstream: str, **fields: Any) -> TaskSpec:  # Any: fields of TaskSpec
    """Return a task below others."""
    return TaskSpec(task_id=task_id, upstream=tuple(sorted(upstream)), **fields)


def pushed(length: int | None) -> Succeeded:
    """Return the outcome of a task that returned a list of that length."""
    return Succeeded(xcoms=(XComValue(key="return_value", value=b"[]", length=length),))


class Driver:
    """A core with DAGs, a clock that only moves when told, and a store of what was saved."""

    def __init__(self, *specs: DagSpec, pools: dict[str, int] | None = None, **settings: Any) -> None:
        self.now = START
        self.core = Core(CoreSettings(**settings))
        self.runs: dict[RunKey, DagRunRecord] = {}
        self.tasks: dict[TaskKey, TaskInstanceRecord] = {}
        self.decisions: list[Decision] = []
        self.workloads: list[RunTask] = []
        self.callbacks: list[RunCallback] = []
        self.specs: dict[tuple[str, str], DagSpec] = {}
        slots = {"default_pool": 128} | (pools or {})
        self.do(PoolsSet(pools={name: (count, False) for name, count in slots.items()}))
        for spec in specs:
            self.learn(spec)

    def do(self, *events: Event) -> list[Decision]:
        """Apply a batch; return and keep what was decided."""
        decisions = [decision for event in events for decision in self.core.apply(event, self.now)]
        decisions += self.core.advance(self.now)
        for decision in decisions:
            self._keep(decision)
        self.decisions = decisions
        return decisions

    def _keep(self, decision: Decision) -> None:
        match decision:
            case SaveRun(run=run):
                self.runs[run.key] = run
            case SaveTaskInstance(task_instance=record):
                self.tasks[record.key] = record
            case DeleteTaskInstances(keys=keys):
                for key in keys:
                    self.tasks.pop(key, None)
            case Dispatch(workload=RunTask() as workload):
                self.workloads.append(workload)
            case Dispatch(workload=RunCallback() as callback):
                self.callbacks.append(callback)
            case _:
                pass

    def decided(self, kind: type[AnyDecision]) -> list[AnyDecision]:
        """Return the decisions of one kind of the last batch."""
        return [decision for decision in self.decisions if isinstance(decision, kind)]

    def wait(self, **delta: float) -> list[Decision]:
        """Let time pass at once."""
        self.now += timedelta(**delta)
        return self.do()

    def learn(
        self, spec: DagSpec, *, version: str = "v1", is_paused: bool = False, **fields: Any
    ) -> list[Decision]:
        """Tell of a DAG or of a new version of it."""
        self.specs[spec.dag_id, version] = spec
        return self.do(
            SpecUpdated(
                spec=spec, version_hash=version, code_hash="c", bundle="b", is_paused=is_paused, **fields
            )
        )

    def trigger(self, run_id: str = "r", dag_id: str = "d", **fields: Any) -> list[Decision]:
        """Ask for a run."""
        run = DagRunRecord(
            **{
                "dag_id": dag_id,
                "run_id": run_id,
                "run_type": RunType.MANUAL,
                "state": RunState.QUEUED,
                "run_after": self.now,
                "version_hash": "v1",
                "queued_at": self.now,
                **fields,
            }
        )
        self.runs[run.key] = run
        return self.do(RunAdded(run=run))

    def load(self, key: RunKey) -> RunLoaded:
        """Return what a shell would load of a run."""
        run = self.runs[key]
        return RunLoaded(
            run=run,
            spec=self.specs[run.dag_id, run.version_hash],
            code_hash="c",
            bundle="b",
            task_instances=tuple(record for name, record in self.tasks.items() if name.run_key == key),
        )

    def successor(self, **settings: Any) -> Driver:
        """Return a new leader that has loaded everything that was saved."""
        other = Driver(**settings)
        other.now, other.runs, other.tasks, other.specs = (
            self.now,
            dict(self.runs),
            dict(self.tasks),
            self.specs,
        )
        newest = {dag_id: (version, spec) for (dag_id, version), spec in self.specs.items()}
        events: list[Event] = [
            SpecUpdated(spec=spec, version_hash=version, code_hash="c", bundle="b", is_paused=False)
            for version, spec in newest.values()
        ]
        events += [other.load(key) for key, run in self.runs.items() if not run.state.is_final]
        other.do(*events)
        return other

    # Workers

    def open_attempt(self, name: str, run_id: str = "r") -> str:
        """Return the id of the attempt that a task instance has open."""
        attempt_id = self.record(name, run_id).attempt_id
        assert attempt_id is not None, f"{name} has no attempt"
        return attempt_id

    def claim(self, name: str, run_id: str = "r", *, hostname: str = "host", pid: int = 1) -> list[Decision]:
        """Let a worker claim a task's attempt."""
        return self.do(Claim(attempt_id=self.open_attempt(name, run_id), hostname=hostname, pid=pid))

    def finish(self, name: str, outcome: Outcome | None = None, run_id: str = "r") -> list[Decision]:
        """Let a task's attempt be claimed, if it is not, and end."""
        attempt_id = self.open_attempt(name, run_id)
        if self.state(name, run_id) == "queued":
            self.claim(name, run_id)
        return self.do(Finished(attempt_id=attempt_id, outcome=outcome or Succeeded()))

    def fail(self, name: str, run_id: str = "r", *, retry: bool = True) -> list[Decision]:
        """Let a task's attempt fail."""
        return self.finish(name, Failed(reason="boom", retry=retry), run_id)

    # What came of it

    def record(self, name: str, run_id: str = "r") -> TaskInstanceRecord:
        """Return a task instance by ``task``, ``task[3]``, ``dag.task`` or ``dag.task[3]``."""
        dag_id, _, rest = name.rpartition(".")
        task_id, _, index = rest.partition("[")
        return self.tasks[TaskKey(dag_id or "d", run_id, task_id, int(index[:-1]) if index else -1)]

    def state(self, name: str, run_id: str = "r") -> str:
        """Return a task instance's state."""
        return self.record(name, run_id).state.value

    def states(self, run_id: str = "r", dag_id: str = "d") -> dict[str, str]:
        """Return the states of all task instances of a run."""
        found = sorted(key for key in self.tasks if key.run_key == RunKey(dag_id, run_id))
        return {
            key.task_id if key.map_index < 0 else f"{key.task_id}[{key.map_index}]": self.tasks[
                key
            ].state.value
            for key in found
        }

    def run(self, run_id: str = "r", dag_id: str = "d") -> DagRunRecord:
        """Return a run."""
        return self.runs[RunKey(dag_id, run_id)]

    def run_states(self) -> dict[str, str]:
        """Return the states of all runs."""
        return {key.run_id: run.state.value for key, run in self.runs.items()}

    def dispatched(self) -> list[str]:
        """Return what the last batch handed to executors, in order."""
        return [
            dispatch.workload.task_id
            if dispatch.workload.map_index < 0
            else f"{dispatch.workload.task_id}[{dispatch.workload.map_index}]"
            for dispatch in self.decided(Dispatch)
            if isinstance(dispatch.workload, RunTask)
        ]

    def why(self, name: str, run_id: str = "r") -> list[str]:
        """Return in words what keeps a task instance waiting."""
        return [blocker.text for blocker in self.core.blockers(self.record(name, run_id).key, self.now)]

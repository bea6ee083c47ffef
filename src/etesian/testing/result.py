"""What a run in this process came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from etesian.foundation.errors import EtesianError
from etesian.lifecycle.records import DagRunRecord, TaskInstanceRecord, TaskKey
from etesian.lifecycle.state import RunState, TaskState
from etesian.protocol.requests import AssetEventItem, TriggerRun
from etesian.sdk.xcoms.xcom import deserialize
from etesian.sdk.xcoms.xcom_arg import RETURN_VALUE_KEY
from etesian.testing.attempt_runner import AttemptRunner
from etesian.testing.memory_store import MemoryStore


class NoSuchTaskError(EtesianError, LookupError):
    """A run has no task instance of that name."""


class RunFailedError(EtesianError):
    """A run failed where a test wanted it to succeed."""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """One task instance after its run."""

    task_id: str
    map_index: int  #: -1 unless the task is mapped
    state: TaskState
    try_number: int  #: tries begun; 0: it never ran
    reason: str | None  #: why it failed, was skipped ..., in words
    error: BaseException | None  #: what its last try raised
    xcoms: Mapping[str, Any]  #: all that it pushed, by key
    rendered: Mapping[str, Any]  #: template fields as the task saw them, secrets masked
    log: str  #: what its tries logged
    name: str | None  #: rendered ``map_index_template``
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def xcom(self) -> Any:
        """What it returned; None if nothing."""
        return self.xcoms.get(RETURN_VALUE_KEY)

    @property
    def label(self) -> str:
        """Its name within the run: ``load``, or ``load[2]`` of a mapped task."""
        return _label(self.task_id, self.map_index)


@dataclass(frozen=True)
class RunResult:
    """One run after its end. ``print`` shows the states of all its tasks."""

    record: DagRunRecord
    store: MemoryStore
    runner: AttemptRunner

    def __str__(self) -> str:
        lines = [f"{self.record.dag_id} {self.run_id}: {self.state}"]
        lines += [f"  {label}: {state}" for label, state in self.states.items()]
        return "\n".join(lines)

    # --- the run --------------------------------------------------------------------------------------------

    @property
    def state(self) -> RunState:
        """``success`` or ``failed``."""
        return self.record.state

    @property
    def dag_id(self) -> str:
        """The DAG."""
        return self.record.dag_id

    @property
    def run_id(self) -> str:
        """The run's name."""
        return self.record.run_id

    @property
    def logical_date(self) -> datetime | None:
        """The date that it is known by."""
        return self.record.logical_date

    @property
    def conf(self) -> Mapping[str, object]:
        """What it was started with."""
        return self.record.conf

    @property
    def variables(self) -> Mapping[str, str]:
        """The variables, as the run left them."""
        return self.store.variables

    @property
    def asset_events(self) -> list[AssetEventItem]:
        """Events of assets that its tasks updated."""
        return [event for event in self.store.asset_events if event.source_run_id == self.run_id]

    @property
    def triggered_runs(self) -> list[TriggerRun]:
        """Runs of DAGs that its tasks asked for."""
        return list(self.store.triggered)

    @property
    def callback_errors(self) -> list[Exception]:
        """What callbacks raised."""
        return self.runner.callback_errors

    # --- its tasks ------------------------------------------------------------------------------------------

    @cached_property
    def tasks(self) -> Mapping[str, TaskResult]:
        """All task instances by label, in the DAG's order."""
        rows = self.store.task_instances_of(self.record.key)
        return {_label(row.task_id, row.map_index): self._result_of(row) for row in rows}

    @property
    def states(self) -> dict[str, str]:
        """The state of each task instance, by label: ``{"extract": "success", "load[0]": "failed"}``."""
        return {label: str(task.state) for label, task in self.tasks.items()}

    def task(self, task_id: str, map_index: int = -1) -> TaskResult:
        """Return one task instance.

        Raises:
            NoSuchTaskError: the run has none of that name.
        """
        label = _label(task_id, map_index)
        if label not in self.tasks:
            known = ", ".join(self.tasks)
            raise NoSuchTaskError(f"run {self.record.key} has no task {label!r}; it has {known}")
        return self.tasks[label]

    def mapped(self, task_id: str) -> list[TaskResult]:
        """Return the instances of a mapped task, in order."""
        return [task for task in self.tasks.values() if task.task_id == task_id and task.map_index >= 0]

    def raise_if_failed(self) -> RunResult:
        """Return the run if it succeeded.

        Raises:
            RunFailedError: it failed; the cause is what the first failed task raised.
        """
        if self.state is RunState.SUCCESS:
            return self
        failed = [task for task in self.tasks.values() if task.state is TaskState.FAILED]
        causes = "; ".join(f"{task.label}: {task.reason}" for task in failed) or self.record.reason or ""
        cause = failed[0].error if failed else None
        raise RunFailedError(f"run {self.record.key} failed: {causes}") from cause

    # --- as Airflow's own runs look -------------------------------------------------------------------------

    def get_task_instances(self, state: Any = None) -> list[TaskResult]:
        """Return the task instances, all or those in one of the states given."""
        wanted = None if state is None else {state} if isinstance(state, str) else set(state)
        return [task for task in self.tasks.values() if wanted is None or task.state in wanted]

    def get_task_instance(self, task_id: str, *, map_index: int = -1) -> TaskResult | None:
        """Return one task instance, or None."""
        return self.tasks.get(_label(task_id, map_index))

    def _result_of(self, row: TaskInstanceRecord) -> TaskResult:
        key: TaskKey = row.key
        values = self.store.xcoms.get(key, {})
        return TaskResult(
            task_id=row.task_id,
            map_index=row.map_index,
            state=row.state,
            try_number=row.try_number,
            reason=row.reason,
            error=self.runner.errors.get(key),
            xcoms={name: deserialize(value.value) for name, value in values.items()},
            rendered=self.store.rendered_fields.get(key, {}),
            log="\n".join(self.runner.logs.get(key, ())),
            name=row.rendered_map_index,
            started_at=row.started_at,
            ended_at=row.ended_at,
        )


def _label(task_id: str, map_index: int) -> str:
    return task_id if map_index < 0 else f"{task_id}[{map_index}]"

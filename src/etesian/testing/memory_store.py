"""What the platform's store would hold after a run, in memory: rows by key, and how decisions change them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from etesian.lifecycle.records import AttemptRecord, DagRunRecord, RunKey, TaskInstanceRecord, TaskKey
from etesian.lifecycle.state import TaskState
from etesian.protocol.reports import AssetEventReport, Succeeded, XComValue
from etesian.protocol.requests import AssetEventItem, StateScope, TriggerRun
from etesian.scheduler.core.decisions import (
    AskPast,
    ClearXComs,
    Decision,
    DeleteTaskInstances,
    RecordAssetEvents,
    SaveAttempt,
    SaveRun,
    SaveTaskInstance,
    StoreReport,
)
from etesian.scheduler.core.events import PastKnown
from etesian.scheduler.core.past import GOOD
from etesian.sdk.connections.connection import Connection
from etesian.spec.codec import decode_dag


@dataclass(slots=True)
class MemoryStore:
    """Rows of one or several runs. Later runs see what earlier ones left."""

    variables: dict[str, str] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)
    specs: dict[str, bytes] = field(default_factory=dict)  #: JSON of the newest spec, by dag_id
    runs: dict[RunKey, DagRunRecord] = field(default_factory=dict)
    task_instances: dict[TaskKey, TaskInstanceRecord] = field(default_factory=dict)
    attempts: list[AttemptRecord] = field(default_factory=list)
    xcoms: dict[TaskKey, dict[str, XComValue]] = field(default_factory=dict)
    rendered_fields: dict[TaskKey, dict[str, Any]] = field(default_factory=dict)
    states: dict[StateScope, dict[str, str]] = field(
        default_factory=dict
    )  #: JSON of what tasks and assets keep
    asset_events: list[AssetEventItem] = field(default_factory=list)
    triggered: list[TriggerRun] = field(default_factory=list)  #: runs that tasks asked for, as they asked

    def save(self, decision: Decision, now: datetime) -> None:
        """Change the rows as a decision says; decisions that change none are ignored."""
        match decision:
            case SaveRun(run=run):
                self.runs[run.key] = run
            case SaveTaskInstance(task_instance=instance):
                self.task_instances[instance.key] = instance
            case DeleteTaskInstances(keys=keys):
                for key in keys:
                    self.task_instances.pop(key, None)
            case SaveAttempt(attempt=attempt):
                self.attempts.append(attempt)
            case ClearXComs(key=key):
                self.xcoms.pop(key, None)
            case StoreReport(key=key, report=report) if isinstance(report.outcome, Succeeded):
                for value in report.outcome.xcoms:
                    self.save_xcom(key, value)
            case RecordAssetEvents(source=source, events=events):
                self.asset_events += [_asset_event(source, event, now) for event in events]
            case _:
                pass

    def save_xcom(self, key: TaskKey, value: XComValue) -> None:
        """Insert or replace one value."""
        self.xcoms.setdefault(key, {})[value.key] = value

    def find_attempt(self, attempt_id: str) -> TaskKey | None:
        """Return the task instance whose current attempt has that id."""
        return next((key for key, row in self.task_instances.items() if row.attempt_id == attempt_id), None)

    def runs_before(self, dag_id: str, moment: datetime) -> list[DagRunRecord]:
        """Return the runs of a DAG with an earlier logical date, the newest first."""
        found = [run for run in self.runs.values() if run.dag_id == dag_id and run.logical_date is not None]
        earlier = [run for run in found if _date(run) < moment]
        return sorted(earlier, key=_date, reverse=True)

    def load_past(self, question: AskPast) -> PastKnown:
        """Return what the tasks of the newest run before a moment came to."""
        runs = self.runs_before(question.run_key.dag_id, question.before)
        if not runs:
            return PastKnown(run_key=question.run_key, past_run_id=None, states={})
        states: dict[str, TaskState] = {}
        for row in self.task_instances_of(runs[0].key):
            # Of a mapped task, one instance that is not good speaks for all.
            if row.state is not TaskState.REMOVED and states.get(row.task_id, TaskState.SUCCESS) in GOOD:
                states[row.task_id] = row.state
        return PastKnown(
            run_key=question.run_key,
            past_run_id=runs[0].run_id,
            past_date=runs[0].logical_date,
            states=states,
        )

    def task_instances_of(self, run_key: RunKey) -> list[TaskInstanceRecord]:
        """Return the task instances of a run: tasks in topological order, those of a mapped one by map index."""
        spec = decode_dag(self.specs[run_key.dag_id])
        order = {task.task_id: number for number, task in enumerate(spec.tasks)}
        found = [row for row in self.task_instances.values() if row.key.run_key == run_key]
        return sorted(found, key=lambda row: (order[row.task_id], row.map_index))


def _date(run: DagRunRecord) -> datetime:
    return run.logical_date if run.logical_date is not None else run.run_after


def _asset_event(source: TaskKey | None, event: AssetEventReport, now: datetime) -> AssetEventItem:
    return AssetEventItem(
        name=event.name or event.uri or "",
        uri=event.uri or event.name or "",
        extra=json.loads(json.dumps(event.extra)),
        timestamp=now,
        source_dag_id=source.dag_id if source else None,
        source_run_id=source.run_id if source else None,
        source_task_id=source.task_id if source else None,
        source_map_index=source.map_index if source else -1,
        aliases=(event.alias,) if event.alias else (),
        partition_key=event.partition_key,
    )

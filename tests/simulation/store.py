"""A store in memory: applies the decisions of a batch as one transaction, checks the epoch, and loads a core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from etesian.lifecycle.backfills import ExistingRun
from etesian.lifecycle.records import AttemptRecord, DagRunRecord, RunKey, TaskInstanceRecord, TaskKey
from etesian.lifecycle.state import RunState, RunType, TaskState
from etesian.protocol.commands import CreateBackfill
from etesian.protocol.reports import AssetEventReport, Succeeded
from etesian.protocol.requests import AssetEventItem
from etesian.protocol.workloads import RunCallback
from etesian.scheduler.core.decisions import (
    AskPast,
    CancelTrigger,
    ClearXComs,
    CompleteBackfill,
    ConsumeAssetEvents,
    Decision,
    DeleteTaskInstances,
    ForgetCallback,
    ForgetDag,
    ForgetRun,
    PauseDag,
    RecordAssetEvents,
    SaveAttempt,
    SaveCallback,
    SaveRun,
    SaveTaskInstance,
    StartTrigger,
    StoreReport,
)
from etesian.scheduler.core.events import (
    AssetEventsKnown,
    BackfillLoaded,
    CallbacksLoaded,
    Event,
    PastKnown,
    PendingAssetEvent,
    PoolsSet,
    RunLoaded,
    SpecUpdated,
)
from etesian.spec.dag import DagSpec
from etesian.spec.schedule import SchedulePoint


class FencedError(Exception):
    """A scheduler that does not lead any more tried to write."""


@dataclass
class DagRow:
    """What the store knows of one DAG."""

    versions: list[DagSpec]
    is_paused: bool = False

    @property
    def newest(self) -> tuple[DagSpec, str]:
        """The version in force and its hash."""
        return self.versions[-1], f"v{len(self.versions)}"


@dataclass
class Store:
    """All rows."""

    epoch: int = 0
    changes: int = 0  #: rows of runs and task instances written so far
    dags: dict[str, DagRow] = field(default_factory=dict)
    runs: dict[RunKey, DagRunRecord] = field(default_factory=dict)
    tasks: dict[RunKey, dict[TaskKey, TaskInstanceRecord]] = field(default_factory=dict)
    attempts: dict[str, AttemptRecord] = field(default_factory=dict)
    xcom_lengths: dict[TaskKey, dict[str, int]] = field(default_factory=dict)
    callbacks: dict[str, RunCallback] = field(default_factory=dict)
    triggers: dict[str, TaskKey] = field(default_factory=dict)
    pools: dict[str, tuple[int, bool]] = field(default_factory=dict)
    points: dict[str, list[SchedulePoint]] = field(default_factory=dict)  #: of scheduled runs ever made
    asset_events: list[AssetEventReport] = field(
        default_factory=list
    )  #: the number of each is its place, from 1
    consumed: dict[str, dict[int, RunKey]] = field(default_factory=dict)  #: by dag_id and event number
    backfills: dict[str, BackfillLoaded] = field(default_factory=dict)  #: those not completed
    dates: dict[str, set[datetime]] = field(
        default_factory=dict
    )  #: of runs that the schedule did not make, by dag_id
    reported: set[str] = field(default_factory=set)  #: attempts whose report was stored

    def commit(self, decisions: Sequence[Decision], epoch: int) -> None:
        """Store everything, or nothing if another scheduler leads."""
        if epoch != self.epoch:
            raise FencedError
        for decision in decisions:
            self._store(decision)
            self.changes += isinstance(decision, (SaveRun, SaveTaskInstance))

    def _store(self, decision: Decision) -> None:  # noqa: C901 - a flat match
        match decision:
            case SaveRun(run=run, is_new=is_new):
                self._save_run(run, is_new=is_new)
            case SaveTaskInstance(task_instance=record):
                assert record.key.run_key in self.runs, f"{record.key} belongs to no run"
                self.tasks.setdefault(record.key.run_key, {})[record.key] = record
            case DeleteTaskInstances(keys=keys):
                for key in keys:
                    self.tasks.get(key.run_key, {}).pop(key, None)
            case SaveAttempt(attempt=attempt):
                assert attempt.attempt_id not in self.attempts, f"attempt {attempt.attempt_id} ended twice"
                self.attempts[attempt.attempt_id] = attempt
            case StoreReport(key=key, report=report):
                assert report.attempt_id not in self.reported, f"{key}: a report was stored twice"
                self.reported.add(report.attempt_id)
                if isinstance(report.outcome, Succeeded):
                    lengths = self.xcom_lengths.setdefault(key, {})
                    lengths |= {
                        each.key: -1 if each.length is None else each.length for each in report.outcome.xcoms
                    }
            case ClearXComs(key=key):
                self.xcom_lengths.pop(key, None)
            case SaveCallback(callback=callback):
                self.callbacks[callback.callback_id] = callback
            case ForgetCallback(callback_id=callback_id):
                self.callbacks.pop(callback_id)
            case StartTrigger(trigger_id=trigger_id, key=key):
                self.triggers[trigger_id] = key
            case CancelTrigger(trigger_id=trigger_id):
                self.triggers.pop(trigger_id, None)
            case PauseDag(dag_id=dag_id):
                self.dags[dag_id].is_paused = True
            case RecordAssetEvents(events=events):
                self.asset_events += events
            case ConsumeAssetEvents(run_key=key, event_ids=event_ids):
                self._consume(key, event_ids)
            case CompleteBackfill(backfill_id=backfill_id):
                del self.backfills[backfill_id]
            case ForgetRun(run_key=key):
                self.forget_run(key)
            case ForgetDag():
                raise AssertionError("no scenario deletes a DAG")
            case _:
                pass

    def _save_run(self, run: DagRunRecord, *, is_new: bool) -> None:
        assert is_new == (run.key not in self.runs), f"{run.key}: is_new={is_new}, but that is wrong"
        self.runs[run.key] = run
        if is_new and run.run_type is not RunType.SCHEDULED and run.logical_date is not None:
            self.dates.setdefault(run.dag_id, set()).add(run.logical_date)
        if is_new and run.run_type is RunType.SCHEDULED:
            points = self.points.setdefault(run.dag_id, [])
            point = SchedulePoint(
                run_after=run.run_after,
                logical_date=run.logical_date,
                data_interval_start=run.data_interval_start,
                data_interval_end=run.data_interval_end,
            )
            assert point not in points, f"{run.dag_id}: two runs for {point}"
            points.append(point)

    def _consume(self, key: RunKey, event_ids: Sequence[int]) -> None:
        """7: each event is used once by each DAG."""
        used = self.consumed.setdefault(key.dag_id, {})
        for event_id in event_ids:
            assert event_id not in used, f"{key} uses event {event_id}, which {used[event_id]} has used"
            used[event_id] = key

    def asset_events_known(self, dag_id: str) -> AssetEventsKnown:
        """Return the events that a DAG has not used and not passed over."""
        newest = max(self.consumed.get(dag_id, {}), default=0)
        pending = [
            PendingAssetEvent(
                event_id=number, item=AssetEventItem(name=event.name or "", uri=event.uri or "")
            )
            for number, event in enumerate(self.asset_events, start=1)
            if number > newest and event.name in {"orders", "prices"}
        ]
        return AssetEventsKnown(dag_id=dag_id, events=tuple(pending))

    def backfill_loaded(self, order: CreateBackfill, *, is_paused: bool = False) -> BackfillLoaded:
        """Return a backfill with the runs that it finds."""
        existing = tuple(
            ExistingRun(
                run_id=run.run_id, logical_date=run.logical_date, state=run.state, backfill_id=run.backfill_id
            )
            for key, run in self.runs.items()
            if key.dag_id == order.dag_id
            and run.logical_date is not None
            and order.from_date <= run.logical_date <= order.to_date
        )
        return BackfillLoaded(backfill=order, is_paused=is_paused, existing=existing)

    def forget_run(self, key: RunKey) -> None:
        """Delete a run and all that belongs to it."""
        self.runs.pop(key, None)
        for task_key in self.tasks.pop(key, {}):
            self.xcom_lengths.pop(task_key, None)
        self.callbacks = {
            name: each
            for name, each in self.callbacks.items()
            if (each.run.dag_id, each.run.run_id) != tuple(key)
        }
        self.triggers = {name: each for name, each in self.triggers.items() if each.run_key != key}

    def spec_updated(self, dag_id: str) -> SpecUpdated:
        """Return the newest version of a DAG."""
        row = self.dags[dag_id]
        spec, version_hash = row.newest
        points = self.points.get(dag_id, [])
        return SpecUpdated(
            spec=spec,
            version_hash=version_hash,
            code_hash=version_hash,
            bundle="dags",
            is_paused=row.is_paused,
            newest_point=max(points, key=lambda point: point.run_after) if points else None,
            taken_dates=frozenset(self.dates.get(dag_id, ())),
        )

    def load_run(self, key: RunKey) -> RunLoaded:
        """Return a run with all its task instances."""
        run = self.runs[key]
        spec = self.dags[run.dag_id].versions[int(run.version_hash[1:]) - 1]
        tasks = self.tasks.get(key, {})
        lengths = {
            (task_key.task_id, task_key.map_index, name): length
            for task_key in tasks
            for name, length in self.xcom_lengths.get(task_key, {}).items()
        }
        return RunLoaded(
            run=run,
            spec=spec,
            code_hash=run.version_hash,
            bundle="dags",
            task_instances=tuple(tasks.values()),
            xcom_lengths=lengths,
        )

    def load_everything(self) -> list[Event]:
        """Return what a new leader is told."""
        events: list[Event] = [PoolsSet(pools=dict(self.pools))]
        events += [self.spec_updated(dag_id) for dag_id in self.dags]
        events += [self.load_run(key) for key, run in self.runs.items() if not run.state.is_final]
        events += [
            self.backfill_loaded(each.backfill, is_paused=each.is_paused) for each in self.backfills.values()
        ]
        events.append(CallbacksLoaded(callbacks=tuple(self.callbacks.values())))
        return events

    def answer(self, question: AskPast) -> PastKnown:
        """Return what the run before came to."""
        before = [
            run
            for key, run in self.runs.items()
            if key.dag_id == question.run_key.dag_id
            and key != question.run_key
            and run.logical_date is not None
            and run.logical_date < question.before
        ]
        if not before:
            return PastKnown(run_key=question.run_key, past_run_id=None, states={})
        run = max(before, key=lambda each: (str(each.logical_date), each.run_id))
        good = {TaskState.SUCCESS, TaskState.SKIPPED}
        states: dict[str, TaskState] = {}
        for key, record in self.tasks.get(run.key, {}).items():
            if record.state is not TaskState.REMOVED and states.get(key.task_id, TaskState.SUCCESS) in good:
                states[key.task_id] = record.state
        return PastKnown(
            run_key=question.run_key, past_run_id=run.run_id, past_date=run.logical_date, states=states
        )

    def insert_run(self, dag_id: str, run_id: str, now: datetime, logical_date: datetime) -> DagRunRecord:
        """Insert a run as the API does."""
        run = DagRunRecord(
            dag_id=dag_id,
            run_id=run_id,
            run_type=RunType.MANUAL,
            state=RunState.QUEUED,
            run_after=now,
            logical_date=logical_date,
            version_hash=self.dags[dag_id].newest[1],
            queued_at=now,
        )
        self.runs[run.key] = run
        self.dates.setdefault(dag_id, set()).add(logical_date)
        return run

    def snapshot(self) -> bytes:
        """Return all rows as bytes, to compare stores by."""
        rows = [list(self.runs.values()), [list(tasks.values()) for tasks in self.tasks.values()]]
        return msgspec.json.encode(rows, order="deterministic")

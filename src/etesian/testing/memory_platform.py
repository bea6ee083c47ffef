"""Answers what tasks ask of the platform from a ``MemoryStore``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from etesian.foundation.clock import utc_now
from etesian.lifecycle.records import DagRunRecord, RunKey, TaskInstanceRecord, TaskKey
from etesian.lifecycle.state import RunState, RunType
from etesian.protocol.requests import (
    Answer,
    ClearRun,
    DeleteState,
    DeleteVariable,
    Done,
    FoundConnection,
    FoundDag,
    FoundValue,
    GetAssetEvents,
    GetConnection,
    GetDag,
    GetRunStates,
    GetState,
    GetTaskStates,
    GetVariable,
    GetXCom,
    PushXCom,
    Refused,
    Request,
    RunInfo,
    RunInfos,
    SetRenderedFields,
    SetState,
    SetVariable,
    TaskStateItem,
    TaskStates,
    TriggeredRun,
    TriggerRun,
    XComItem,
    XComItems,
)
from etesian.sdk.runtime import set_platform
from etesian.spec.codec import decode_dag
from etesian.testing.memory_store import MemoryStore

#: The parts of a connection that an answer carries.
_CONNECTION_PARTS: Final = ("host", "port", "schema", "login", "password", "extra", "description")
_Value = TypeVar("_Value")


class MemoryPlatform:
    """The platform of a run in this process."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def ask(self, request: Request) -> Answer:
        """Return the answer to one request."""
        match request:
            case GetXCom():
                return XComItems(items=tuple(self._find_xcoms(request)))
            case PushXCom():
                key = TaskKey(request.dag_id, request.run_id, request.task_id, request.map_index)
                self._store.save_xcom(key, request.value)
                return Done()
            case SetRenderedFields():
                return self._keep_rendered_fields(request)
            case GetVariable() | SetVariable() | DeleteVariable():
                return self._answer_about_variables(request)
            case GetConnection(conn_id=conn_id):
                return self._find_connection(conn_id)
        if isinstance(request, GetState | SetState | DeleteState):
            return self._answer_about_states(request)
        return self._answer_about_dags(request)

    def _answer_about_states(self, request: GetState | SetState | DeleteState) -> Answer:
        kept = self._store.states.setdefault(request.scope, {})
        match request:
            case GetState(key=key):
                return FoundValue(value=kept.get(key))
            case SetState(key=key, value=value):
                kept[key] = value
            case DeleteState(key=None):
                kept.clear()
            case DeleteState(key=str(key)):
                kept.pop(key, None)
        return Done()

    def _answer_about_variables(self, request: GetVariable | SetVariable | DeleteVariable) -> Answer:
        variables = self._store.variables
        match request:
            case GetVariable(key=key):
                return FoundValue(value=variables.get(key))
            case SetVariable(key=key, value=value):
                variables[key] = value
            case DeleteVariable(key=key):
                variables.pop(key, None)
        return Done()

    def _answer_about_dags(self, request: Request) -> Answer:
        match request:
            case GetRunStates():
                return RunInfos(runs=tuple(_run_info(run) for run in self._find_runs(request)))
            case GetTaskStates():
                return TaskStates(
                    items=tuple(_task_state(row, self._store) for row in self._find_tasks(request))
                )
            case GetDag(dag_id=dag_id):
                return FoundDag(spec=self._store.specs.get(dag_id))
            case GetAssetEvents():
                return self._find_asset_events(request)
            case TriggerRun():
                return self._trigger_run(request)
            case ClearRun(dag_id=dag_id, run_id=run_id):
                return Refused(
                    reason=f"run {dag_id}@{run_id} cannot be cleared: this is a run without a scheduler"
                )
        return Refused(reason=f"{type(request).__name__} is not known here")

    # --- values ---------------------------------------------------------------------------------------------

    def _find_xcoms(self, request: GetXCom) -> Iterator[XComItem]:
        for run_id in self._run_ids_for(request):
            keys = [key for key in self._store.xcoms if key[:2] == (request.dag_id, run_id)]
            for key in sorted(keys, key=lambda key: (key.task_id, key.map_index)):
                if not (
                    _is_among(key.task_id, request.task_ids) and _is_among(key.map_index, request.map_indexes)
                ):
                    continue
                for name, value in sorted(self._store.xcoms[key].items()):
                    if request.key in (None, name):
                        yield XComItem(
                            task_id=key.task_id,
                            map_index=key.map_index,
                            run_id=run_id,
                            key=name,
                            value=value.value,
                        )

    def _run_ids_for(self, request: GetXCom) -> list[str]:
        own = self._store.runs.get(RunKey(request.dag_id, request.run_id))
        if not request.include_prior_dates or own is None:
            return [request.run_id]
        before = self._store.runs_before(request.dag_id, own.logical_date or own.run_after)
        return [request.run_id, *(run.run_id for run in before)]

    def _keep_rendered_fields(self, request: SetRenderedFields) -> Answer:
        key = self._store.find_attempt(request.attempt_id)
        if key is not None:
            self._store.rendered_fields[key] = json.loads(request.fields)
        return Done()

    def _find_connection(self, conn_id: str) -> FoundConnection:
        found = self._store.connections.get(conn_id)
        if found is None:
            return FoundConnection()
        parts = {name: getattr(found, name) for name in _CONNECTION_PARTS}
        return FoundConnection(found=True, conn_id=conn_id, conn_type=found.conn_type or "", **parts)

    def _find_asset_events(self, request: GetAssetEvents) -> FoundValue:
        found = [
            event
            for event in self._store.asset_events
            if request.name in (None, event.name)
            and request.uri in (None, event.uri)
            and (request.alias is None or request.alias in event.aliases)
        ]
        return FoundValue(value=msgspec.json.encode(found[: request.limit]).decode())

    # --- runs and tasks -------------------------------------------------------------------------------------

    def _find_runs(self, request: GetRunStates) -> list[DagRunRecord]:
        found = [
            run
            for run in self._store.runs.values()
            if run.dag_id == request.dag_id
            and _is_among(run.run_id, request.run_ids)
            and _is_among(run.logical_date, request.logical_dates)
            and _is_among(str(run.state), request.states)
            and (
                request.before is None or (run.logical_date is not None and run.logical_date < request.before)
            )
        ]
        return sorted(found, key=lambda run: run.logical_date or run.run_after, reverse=True)[: request.limit]

    def _find_tasks(self, request: GetTaskStates) -> list[TaskInstanceRecord]:
        task_ids = request.task_ids if request.group_id is None else self._tasks_of_group(request)
        return [
            row
            for row in self._store.task_instances.values()
            if row.dag_id == request.dag_id
            and _is_among(row.task_id, task_ids)
            and _is_among(row.run_id, request.run_ids)
            and _is_among(_logical_date(row, self._store), request.logical_dates)
            and request.map_index in (None, row.map_index)
            and _is_among(str(row.state), request.states)
        ]

    def _tasks_of_group(self, request: GetTaskStates) -> tuple[str, ...]:
        text = self._store.specs.get(request.dag_id)
        tasks = decode_dag(text).tasks if text is not None else ()
        group = str(request.group_id)
        return tuple(
            task.task_id
            for task in tasks
            if task.group is not None and (task.group == group or task.group.startswith(f"{group}."))
        )

    def _trigger_run(self, request: TriggerRun) -> TriggeredRun:
        """Note that a run was asked for. It counts as a success: what it would do is not part of this test."""
        now = utc_now()
        moment = request.logical_date or now
        run_id = request.run_id or f"manual__{moment.isoformat()}"
        key = RunKey(request.dag_id, run_id)
        if key in self._store.runs:
            return TriggeredRun(run_id=run_id, already_exists=True)
        self._store.triggered.append(msgspec.structs.replace(request, run_id=run_id))
        self._store.runs[key] = DagRunRecord(
            dag_id=request.dag_id,
            run_id=run_id,
            run_type=RunType.OPERATOR_TRIGGERED,
            state=RunState.SUCCESS,
            run_after=now,
            version_hash="",
            logical_date=request.logical_date,
            started_at=now,
            ended_at=now,
            conf=request.conf,
            triggered_by=request.triggered_by,
        )
        return TriggeredRun(run_id=run_id)


def _is_among(value: _Value, wanted: Iterable[_Value] | None) -> bool:
    return wanted is None or value in wanted


def _logical_date(row: TaskInstanceRecord, store: MemoryStore) -> datetime | None:
    return store.runs[row.key.run_key].logical_date


def _task_state(row: TaskInstanceRecord, store: MemoryStore) -> TaskStateItem:
    return TaskStateItem(
        run_id=row.run_id,
        task_id=row.task_id,
        map_index=row.map_index,
        state=row.state,
        logical_date=_logical_date(row, store),
    )


def _run_info(run: DagRunRecord) -> RunInfo:
    return RunInfo(
        dag_id=run.dag_id,
        run_id=run.run_id,
        run_type=run.run_type,
        state=run.state,
        run_after=run.run_after,
        logical_date=run.logical_date,
        data_interval_start=run.data_interval_start,
        data_interval_end=run.data_interval_end,
        started_at=run.started_at,
        ended_at=run.ended_at,
        conf=run.conf,
    )


@contextmanager
def using_platform(platform: MemoryPlatform) -> Iterator[None]:
    """Let user code ask ``platform``."""
    before = set_platform(platform)
    try:
        yield
    finally:
        set_platform(before)

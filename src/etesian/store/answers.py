"""Answering what attempts ask of the platform. One function per request; nothing is decided here."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection

from etesian.foundation.errors import EtesianError
from etesian.lifecycle.records import DagRunRecord, RunKey, TaskKey
from etesian.lifecycle.state import RunState, RunType, TaskState
from etesian.protocol.commands import ClearTasks, TaskSelection
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
    XComItems,
)
from etesian.spec.codec import encode_dag
from etesian.spec.dag import DagSpec
from etesian.store.bus import Bus
from etesian.store.database import Store
from etesian.store.errors import RunExistsError, StoreError, StoreUnavailableError, UnknownDagError
from etesian.store.queries import (
    assets,
    connections,
    inbox,
    rendered_fields,
    runs,
    states,
    task_instances,
    variables,
    versions,
    xcoms,
)
from etesian.store.queries.page import Paging
from etesian.store.queries.patterns import Between
from etesian.store.run_requests import RunRequest, request_run
from etesian.store.secrets import SecretBox

logger = logging.getLogger(__name__)

#: Task instances that one answer holds at most.
MAX_TASK_STATES: Final = 100_000

_WRITES: Final = (
    PushXCom,
    SetVariable,
    DeleteVariable,
    TriggerRun,
    ClearRun,
    SetState,
    DeleteState,
    SetRenderedFields,
)
_COMMANDS: Final = (TriggerRun, ClearRun)


def answer(store: Store, request: Request, *, now: datetime, bus: Bus | None = None) -> Answer:
    """Carry out a request of an attempt and return the answer.

    ``bus`` wakes the scheduler where the request is for it. User code writes requests: one that makes no sense is
    refused, whatever it breaks, and does not end who answers it.

    Raises:
        StoreUnavailableError: the database cannot be reached; the request can be repeated.
    """
    opened = store.write() if isinstance(request, _WRITES) else store.read()
    try:
        with opened as connection:
            answered = _carry_out(connection, request, store, now)
    except StoreUnavailableError:
        raise
    except EtesianError as error:
        return Refused(id=getattr(request, "id", 0), reason=str(error))
    except Exception as error:
        what = type(request).__name__
        logger.warning("%s could not be answered", what, exc_info=True)
        return Refused(id=getattr(request, "id", 0), reason=f"{what} cannot be answered: {error}")
    if bus is not None and isinstance(request, _COMMANDS):
        bus.ring("inbox")
    return answered


def _carry_out(  # noqa: C901 - a flat match: one line per request
    connection: Connection, request: Request, store: Store, now: datetime
) -> Answer:
    secrets = store.secrets
    match request:
        case GetXCom():
            items = xcoms.find_element(connection, request, store.xcom_elements)
            return XComItems(id=request.id, items=items)
        case PushXCom():
            return _push_xcom(connection, request, now)
        case GetVariable():
            return _get_variable(connection, request, secrets)
        case SetVariable():
            return _set_variable(connection, request, secrets, now)
        case DeleteVariable():
            variables.delete_variable(connection, request.key)
            return Done(id=request.id)
        case GetConnection():
            return _get_connection(connection, request, secrets)
        case GetRunStates():
            return _get_run_states(connection, request)
        case GetTaskStates():
            return _get_task_states(connection, request)
        case GetDag():
            return _get_dag(connection, request)
        case TriggerRun():
            return _trigger_run(connection, request, now)
        case ClearRun():
            return _clear_run(connection, request, now)
        case GetAssetEvents():
            return _get_asset_events(connection, request)
        case GetState() | SetState() | DeleteState():
            return _answer_about_states(connection, request, now)
        case SetRenderedFields():
            return _set_rendered_fields(connection, request)


def _push_xcom(connection: Connection, request: PushXCom, now: datetime) -> Answer:
    key = TaskKey(request.dag_id, request.run_id, request.task_id, request.map_index)
    current = task_instances.load_task_instance(connection, key).attempt_id
    if current != request.attempt_id:
        return Refused(
            id=request.id, reason=f"attempt {request.attempt_id} of {key} is over; its XComs are not kept"
        )
    xcoms.save_xcom(connection, key, request.value, now=now)
    return Done(id=request.id)


def _get_variable(connection: Connection, request: GetVariable, secrets: SecretBox) -> Answer:
    found = variables.load_variable(connection, request.key, secrets=secrets)
    return FoundValue(id=request.id, value=None if found is None else found.value)


def _set_variable(connection: Connection, request: SetVariable, secrets: SecretBox, now: datetime) -> Answer:
    variables.save_variable(
        connection, request.key, request.value, description=request.description, secrets=secrets, now=now
    )
    return Done(id=request.id)


def _answer_about_states(
    connection: Connection, request: GetState | SetState | DeleteState, now: datetime
) -> Answer:
    match request:
        case GetState(scope=scope, key=key):
            found = states.load_state(connection, scope, key, now)
            return FoundValue(id=request.id, value=None if found is None else found.decode())
        case SetState(scope=scope, key=key, value=value, expires_at=expires_at):
            states.save_state(connection, scope, key, value.encode(), now=now, expires_at=expires_at)
        case DeleteState(scope=scope, key=key):
            states.delete_states(connection, scope, key)
    return Done(id=request.id)


def _get_connection(connection: Connection, request: GetConnection, secrets: SecretBox) -> Answer:
    found = connections.load_connection(connection, request.conn_id, secrets=secrets)
    if found is None:
        return FoundConnection(id=request.id)
    return FoundConnection(id=request.id, found=True, **msgspec.structs.asdict(found))


def _get_run_states(connection: Connection, request: GetRunStates) -> Answer:
    wanted = runs.RunFilter(
        dag_ids=(request.dag_id,),
        run_ids=request.run_ids,
        logical_dates=request.logical_dates,
        states=_run_states(request.states),
        logical_date=Between(before=request.before),
    )
    order = ("-logical_date", "-run_after")
    found = runs.find_runs(connection, wanted, Paging(limit=request.limit, order_by=order))
    return RunInfos(id=request.id, runs=tuple(_run_info(run) for run in found))


def _get_task_states(connection: Connection, request: GetTaskStates) -> Answer:
    task_ids = request.task_ids
    if request.group_id is not None:
        task_ids = _tasks_of_group(connection, request.dag_id, request.group_id)
    wanted = task_instances.TaskInstanceFilter(
        dag_ids=(request.dag_id,),
        run_ids=request.run_ids,
        logical_dates=request.logical_dates,
        task_ids=task_ids,
        map_indexes=None if request.map_index is None else (request.map_index,),
        states=None if request.states is None else [TaskState(state) for state in request.states],
    )
    found = task_instances.find_states(connection, wanted, limit=MAX_TASK_STATES)
    return TaskStates(
        id=request.id,
        items=tuple(
            TaskStateItem(run_id=run_id, task_id=task_id, map_index=map_index, state=state, logical_date=date)
            for run_id, task_id, map_index, state, date in found
        ),
    )


def _get_dag(connection: Connection, request: GetDag) -> Answer:
    stored = versions.load_newest_spec(connection, request.dag_id)
    if stored is None:
        return FoundDag(id=request.id)
    return FoundDag(id=request.id, spec=encode_dag(stored.spec), is_paused=stored.is_paused)


def _trigger_run(connection: Connection, request: TriggerRun, now: datetime) -> Answer:
    wanted = RunRequest(
        dag_id=request.dag_id,
        run_id=request.run_id,
        run_type=RunType.OPERATOR_TRIGGERED if request.triggered_by == "operator" else RunType.MANUAL,
        logical_date=request.logical_date,
        run_after=request.run_after,
        data_interval=request.data_interval,
        conf=request.conf,
        note=request.note,
        triggered_by=request.triggered_by,
    )
    try:
        run = request_run(connection, wanted, now=now)
    except RunExistsError as error:
        return TriggeredRun(id=request.id, run_id=error.existing_run_id, already_exists=True)
    return TriggeredRun(id=request.id, run_id=run.run_id)


def _clear_run(connection: Connection, request: ClearRun, now: datetime) -> Answer:
    runs.load_run(connection, RunKey(request.dag_id, request.run_id))
    selection = TaskSelection(
        dag_id=request.dag_id, run_ids=(request.run_id,), only_failed=request.only_failed
    )
    inbox.append(connection, ClearTasks(selection=selection), now=now)
    return Done(id=request.id)


def _get_asset_events(connection: Connection, request: GetAssetEvents) -> Answer:
    wanted = assets.AssetEventFilter(name=request.name, uri=request.uri, alias=request.alias)
    found = assets.find_events(connection, wanted, Paging(limit=request.limit))
    items = [event.to_item() for event in found]
    return FoundValue(id=request.id, value=msgspec.json.encode(items).decode())


def _set_rendered_fields(connection: Connection, request: SetRenderedFields) -> Answer:
    key = task_instances.find_attempt(connection, request.attempt_id)
    if key is None:
        return Refused(reason=f"attempt {request.attempt_id} is over; its rendered fields are not kept")
    rendered_fields.save_rendered_fields(connection, key, request.fields)
    return Done()


def _run_states(names: tuple[str, ...] | None) -> list[RunState] | None:
    return None if names is None else [RunState(name) for name in names]


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


def _tasks_of_group(connection: Connection, dag_id: str, group_id: str) -> tuple[str, ...]:
    stored = versions.load_newest_spec(connection, dag_id)
    if stored is None:
        raise UnknownDagError(dag_id)
    inside = _groups_inside(stored.spec, group_id)
    if not inside:
        raise StoreError(f"DAG {dag_id!r} has no task group {group_id!r}")
    return tuple(task.task_id for task in stored.spec.tasks if task.group in inside)


def _groups_inside(spec: DagSpec, group_id: str) -> set[str]:
    parents = {group.group_id: group.parent for group in spec.groups}
    inside: set[str] = set()
    for group in parents:
        above: str | None = group
        while above is not None and above != group_id:
            above = parents.get(above)
        if above == group_id:
            inside.add(group)
    return inside

"""What a running attempt asks of the platform, and the answers. Answered from the store, never by a rule.

``id`` pairs an answer with its request on one connection. Values are JSON texts, as ``sdk.xcom`` writes them.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import msgspec

from etesian.protocol.reports import XComValue


class GetXCom(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="get_xcom"):
    """Values of one key: of one task instance, of all map indexes of a task, or of earlier runs."""

    id: int = 0
    dag_id: str
    run_id: str
    task_ids: tuple[str, ...] | None = None  #: None: any task
    key: str | None = "return_value"  #: None: any key
    map_indexes: tuple[int, ...] | None = None  #: None: all of them
    include_prior_dates: bool = False
    element: int | None = (
        None  #: only this element of each list; a platform may give the whole value all the same
    )


class XComItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stored value and where it came from."""

    task_id: str
    map_index: int = -1
    run_id: str = ""
    key: str = "return_value"
    value: bytes = b"null"
    is_element: bool = False  #: the value is the element that was asked for, not the whole list


class XComItems(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="xcom_items"):
    """The values found, ordered by task and map index; the newest run first for earlier runs."""

    id: int = 0
    items: tuple[XComItem, ...] = ()


class PushXCom(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="push_xcom"):
    """Store a value now, while the attempt runs. Answered by ``Done``."""

    id: int = 0
    attempt_id: str
    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    value: XComValue


class GetVariable(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="get_variable"):
    """One variable."""

    id: int = 0
    key: str


class SetVariable(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="set_variable"):
    """Write one variable. Answered by ``Done``."""

    id: int = 0
    key: str
    value: str
    description: str | None = None


class DeleteVariable(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="delete_variable"):
    """Delete one variable. Answered by ``Done``."""

    id: int = 0
    key: str


class GetConnection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="get_connection"):
    """One connection."""

    id: int = 0
    conn_id: str


class FoundValue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="found_value"):
    """A variable's text, or None when there is none."""

    id: int = 0
    value: str | None = None


class FoundConnection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="found_connection"):
    """A connection's parts; ``found`` is False when there is none."""

    id: int = 0
    found: bool = False
    conn_id: str = ""
    conn_type: str = ""
    host: str | None = None
    port: int | None = None
    schema: str | None = None
    login: str | None = None
    password: str | None = None
    extra: str | None = None
    description: str | None = None


class GetRunStates(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="get_run_states"):
    """Runs of a DAG, by run_id or by logical date."""

    id: int = 0
    dag_id: str
    run_ids: tuple[str, ...] | None = None
    logical_dates: tuple[datetime, ...] | None = None
    states: tuple[str, ...] | None = None
    before: datetime | None = None  #: only runs with an earlier logical date
    limit: int = 1000


class RunInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One run, as tasks see other runs."""

    dag_id: str
    run_id: str
    run_type: str
    state: str
    run_after: datetime
    logical_date: datetime | None = None
    data_interval_start: datetime | None = None
    data_interval_end: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    conf: dict[str, object] = {}


class RunInfos(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="run_infos"):
    """Runs found, the newest logical date first."""

    id: int = 0
    runs: tuple[RunInfo, ...] = ()


class GetTaskStates(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="get_task_states"):
    """States of task instances of a DAG, in runs chosen as in ``GetRunStates``."""

    id: int = 0
    dag_id: str
    task_ids: tuple[str, ...] | None = None
    group_id: str | None = None
    run_ids: tuple[str, ...] | None = None
    logical_dates: tuple[datetime, ...] | None = None
    map_index: int | None = None
    states: tuple[str, ...] | None = None


class TaskStateItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One task instance's state."""

    run_id: str
    task_id: str
    map_index: int = -1
    state: str = "none"
    logical_date: datetime | None = None


class TaskStates(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="task_states"):
    """States found."""

    id: int = 0
    items: tuple[TaskStateItem, ...] = ()


class GetDag(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="get_dag"):
    """The newest spec of a DAG."""

    id: int = 0
    dag_id: str


class FoundDag(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="found_dag"):
    """JSON of the spec; None when the DAG is not known."""

    id: int = 0
    spec: bytes | None = None
    is_paused: bool = False


class TriggerRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="trigger_run"):
    """Create a run of a DAG. Answered by ``TriggeredRun``."""

    id: int = 0
    dag_id: str
    run_id: str | None = None
    logical_date: datetime | None = None
    run_after: datetime | None = None  #: None: at once
    data_interval: tuple[datetime, datetime] | None = None  #: None: as the schedule would have it
    conf: dict[str, object] = {}
    note: str | None = None
    triggered_by: str = "operator"


class TriggeredRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="triggered_run"):
    """The new run's id, or that a run of that id or date exists."""

    id: int = 0
    run_id: str
    already_exists: bool = False


class ClearRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="clear_run"):
    """Clear all tasks of a run, or the failed ones. Answered by ``Done``."""

    id: int = 0
    dag_id: str
    run_id: str
    only_failed: bool = False


class AssetEventItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stored asset event: an element of an answer to ``GetAssetEvents`` and of ``RunContext.asset_events``."""

    name: str
    uri: str
    group: str = "asset"
    extra: dict[str, object] = {}
    timestamp: datetime | None = None
    source_dag_id: str | None = None  #: None: the event came from outside a task
    source_run_id: str | None = None
    source_task_id: str | None = None
    source_map_index: int = -1
    aliases: tuple[str, ...] = ()  #: the aliases it was attached through
    partition_key: str | None = None  #: the partition that was updated


class GetAssetEvents(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="get_asset_events"):
    """Events of an asset or alias, the oldest first. Answered by ``FoundValue``: JSON of ``AssetEventItem``s."""

    id: int = 0
    name: str | None = None
    uri: str | None = None
    alias: str | None = None
    limit: int = 1000


class TaskScope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="task"):
    """Values that one task instance keeps over all its tries."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1


class AssetScope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="asset"):
    """Values that an asset, known by name or URI or both, keeps over all runs."""

    name: str | None = None
    uri: str | None = None


StateScope: TypeAlias = TaskScope | AssetScope


class GetState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="get_state"):
    """One kept value. Answered by ``FoundValue``: JSON."""

    id: int = 0
    scope: StateScope
    key: str


class SetState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="set_state"):
    """Keep one value. Answered by ``Done``."""

    id: int = 0
    scope: StateScope
    key: str
    value: str  #: JSON
    expires_at: datetime | None = None  #: when it may be forgotten; None: never


class DeleteState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="delete_state"):
    """Forget one kept value, or all of the scope. Answered by ``Done``."""

    id: int = 0
    scope: StateScope
    key: str | None = None


class SetRenderedFields(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="set_rendered_fields"
):
    """Keep the rendered template fields (JSON object, secrets masked). Not answered."""

    attempt_id: str
    fields: bytes


class Done(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="done"):
    """The request was carried out."""

    id: int = 0


class Refused(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="refused"):
    """The request cannot be carried out, and why."""

    id: int = 0
    reason: str


Request: TypeAlias = (
    GetXCom
    | PushXCom
    | GetVariable
    | SetVariable
    | DeleteVariable
    | GetConnection
    | GetRunStates
    | GetTaskStates
    | GetDag
    | TriggerRun
    | ClearRun
    | GetAssetEvents
    | GetState
    | SetState
    | DeleteState
    | SetRenderedFields
)
Answer: TypeAlias = (
    XComItems
    | FoundValue
    | FoundConnection
    | RunInfos
    | TaskStates
    | FoundDag
    | TriggeredRun
    | Done
    | Refused
)

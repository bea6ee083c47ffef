"""What others ask of the leading scheduler, through the durable inbox. JSON in the table, applied in order, once."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import msgspec

from etesian.protocol.reports import AssetEventReport


class _Command(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Common options of all commands: data only, tagged by ``kind``."""


class SpecChanged(_Command, frozen=True, kw_only=True, tag_field="kind", tag="spec_changed"):
    """The parser stored a new version of a DAG, or the DAG came back."""

    dag_id: str


class DagGone(_Command, frozen=True, kw_only=True, tag_field="kind", tag="dag_gone"):
    """The DAG's file, or the DAG in it, is no longer there."""

    dag_id: str


class PauseChanged(_Command, frozen=True, kw_only=True, tag_field="kind", tag="pause_changed"):
    """The DAG was paused or unpaused; the row is already written."""

    dag_id: str
    is_paused: bool


class RunRequested(_Command, frozen=True, kw_only=True, tag_field="kind", tag="run_requested"):
    """A run was inserted by API, CLI or a task; the row is already written, in state ``queued``."""

    dag_id: str
    run_id: str


class PoolsChanged(_Command, frozen=True, kw_only=True, tag_field="kind", tag="pools_changed"):
    """A pool was set or deleted; the rows are already written."""


class TaskSelection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which task instances a clear or a mark is about. Empty ``task_ids`` means all of the DAG's tasks."""

    dag_id: str
    run_ids: tuple[str, ...] = ()
    task_ids: tuple[str, ...] = ()
    map_indexes: tuple[int, ...] = ()  #: empty: all of them
    upstream: bool = False
    downstream: bool = False
    past: bool = False
    future: bool = False
    only_failed: bool = False
    only_running: bool = False


class ClearTasks(_Command, frozen=True, kw_only=True, tag_field="kind", tag="clear_tasks"):
    """Forget what the selected task instances came to, so that they run again."""

    selection: TaskSelection
    newest_version: bool | None = None  #: None: as the DAG says
    note: str | None = None


class MarkTasks(_Command, frozen=True, kw_only=True, tag_field="kind", tag="mark_tasks"):
    """Declare a final state: success, failed or skipped."""

    selection: TaskSelection
    state: str
    note: str | None = None


class MarkRun(_Command, frozen=True, kw_only=True, tag_field="kind", tag="mark_run"):
    """Declare a run's state: success, failed, or queued (clear and run again)."""

    dag_id: str
    run_id: str
    state: str


class SetNote(_Command, frozen=True, kw_only=True, tag_field="kind", tag="set_note"):
    """Attach a note to a run or, with ``task_id``, to a task instance."""

    dag_id: str
    run_id: str
    task_id: str | None = None
    map_index: int = -1
    note: str | None = None


class DeleteRun(_Command, frozen=True, kw_only=True, tag_field="kind", tag="delete_run"):
    """Stop and forget a run."""

    dag_id: str
    run_id: str


class DeleteDag(_Command, frozen=True, kw_only=True, tag_field="kind", tag="delete_dag"):
    """Stop and forget a DAG with all its history; it comes back if its file still defines it."""

    dag_id: str


class TriggerFired(_Command, frozen=True, kw_only=True, tag_field="kind", tag="trigger_fired"):
    """A trigger of a deferred task gave its event, or failed."""

    trigger_id: str
    event: bytes | None = None
    error: str | None = None


class AssetsChanged(_Command, frozen=True, kw_only=True, tag_field="kind", tag="assets_changed"):
    """Assets were updated from outside a task: by API or by a watcher."""

    events: tuple[AssetEventReport, ...]
    source: str = "api"


class AnswerInput(_Command, frozen=True, kw_only=True, tag_field="kind", tag="answer_input"):
    """A person answered a task that awaits input."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    chosen: tuple[str, ...] = ()
    params: dict[str, object] = {}
    user: str | None = None


class CreateBackfill(_Command, frozen=True, kw_only=True, tag_field="kind", tag="create_backfill"):
    """Create runs for past schedule points."""

    backfill_id: str
    dag_id: str
    from_date: datetime
    to_date: datetime
    run_backwards: bool = False
    max_active_runs: int = 10
    reprocess: str = "none"  #: none | failed | completed
    conf: dict[str, object] = {}
    newest_version: bool = False


class ChangeBackfill(_Command, frozen=True, kw_only=True, tag_field="kind", tag="change_backfill"):
    """Pause, unpause or cancel a backfill."""

    backfill_id: str
    action: str  #: pause | unpause | cancel


class RemoteReport(_Command, frozen=True, kw_only=True, tag_field="kind", tag="remote_report"):
    """A report of a worker that does not share this host, as msgpack of ``protocol.reports.Report``."""

    executor: str
    report: bytes


Command: TypeAlias = (
    SpecChanged
    | DagGone
    | PauseChanged
    | RunRequested
    | PoolsChanged
    | ClearTasks
    | MarkTasks
    | MarkRun
    | SetNote
    | DeleteRun
    | DeleteDag
    | TriggerFired
    | AssetsChanged
    | AnswerInput
    | CreateBackfill
    | ChangeBackfill
    | RemoteReport
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)


def encode_command(command: Command) -> bytes:
    """Return the JSON text that the inbox keeps."""
    return _encoder.encode(command)


def decode_command(data: bytes | str) -> Command:
    """Return the command of an inbox row.

    Raises:
        msgspec.MsgspecError: the row holds something else.
    """
    return _decoder.decode(data)

"""Noting what people have done, in the transaction that does it."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection

from etesian.protocol.commands import (
    AnswerInput,
    AssetsChanged,
    ChangeBackfill,
    ClearTasks,
    Command,
    CreateBackfill,
    DeleteDag,
    DeleteRun,
    MarkRun,
    MarkTasks,
    SetNote,
    TaskSelection,
)
from etesian.store.queries.audit import AuditEntry, add_audit_entry


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for a change, and through what."""

    user: str | None  #: None: nobody said who
    source: str  #: ``rest_api`` or ``cli``


def note(
    connection: Connection,
    actor: Actor,
    action: str,
    *,
    now: datetime,
    dag_id: str | None = None,
    run_id: str | None = None,
    **details: object,
) -> None:
    """Note what an actor does. ``details`` must be no secrets: they are shown."""
    about = {"source": actor.source} | details
    entry = AuditEntry(at=now, action=action, user=actor.user, dag_id=dag_id, run_id=run_id, details=about)
    add_audit_entry(connection, entry)


def note_command(connection: Connection, actor: Actor, command: Command, *, now: datetime) -> None:
    """Note a command that an actor gives the scheduler; what only the platform sends is not noted."""
    entry = _entry_of(command, now)
    if entry is not None:
        about = {"source": actor.source} | entry.details
        add_audit_entry(connection, msgspec.structs.replace(entry, user=actor.user, details=about))


def _entry_of(command: Command, now: datetime) -> AuditEntry | None:
    match command:
        case ClearTasks(selection=selection):
            return _of_selection("clear_task_instances", selection, now)
        case MarkTasks(selection=selection, state=state):
            return _of_selection("mark_task_instances", selection, now, state=state)
        case MarkRun(dag_id=dag_id, run_id=run_id, state=state):
            return AuditEntry(
                at=now, action="mark_dag_run", dag_id=dag_id, run_id=run_id, details={"state": state}
            )
        case SetNote() | AnswerInput():
            action = "set_note" if isinstance(command, SetNote) else "answer_input"
            return AuditEntry(
                at=now,
                action=action,
                dag_id=command.dag_id,
                run_id=command.run_id,
                task_id=command.task_id,
                map_index=command.map_index if command.task_id is not None else None,
            )
        case DeleteRun(dag_id=dag_id, run_id=run_id):
            return AuditEntry(at=now, action="delete_dag_run", dag_id=dag_id, run_id=run_id)
        case DeleteDag(dag_id=dag_id):
            return AuditEntry(at=now, action="delete_dag", dag_id=dag_id)
        case CreateBackfill(dag_id=dag_id, backfill_id=backfill_id):
            details: dict[str, object] = {"backfill_id": backfill_id}
            return AuditEntry(at=now, action="create_backfill", dag_id=dag_id, details=details)
        case AssetsChanged(events=events, source="api"):
            names: dict[str, object] = {"assets": [event.name or event.uri for event in events]}
            return AuditEntry(at=now, action="create_asset_event", details=names)
        case ChangeBackfill(backfill_id=backfill_id, action=change):
            return AuditEntry(at=now, action=f"{change}_backfill", details={"backfill_id": backfill_id})
    return None


def _of_selection(action: str, selection: TaskSelection, now: datetime, **details: object) -> AuditEntry:
    """Name the run and the task where there is just one; all that was asked for is in the details."""
    runs, tasks, indexes = selection.run_ids, selection.task_ids, selection.map_indexes
    asked = {name: value for name, value in msgspec.to_builtins(selection).items() if name != "dag_id"}
    return AuditEntry(
        at=now,
        action=action,
        dag_id=selection.dag_id,
        run_id=runs[0] if len(runs) == 1 else None,
        task_id=tasks[0] if len(tasks) == 1 else None,
        map_index=indexes[0] if len(indexes) == 1 else None,
        details=asked | details,
    )

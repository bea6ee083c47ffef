"""Reading the inbox: commands become events that carry the rows they speak of."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from etesian.lifecycle.records import RunKey
from etesian.protocol.commands import (
    ClearTasks,
    Command,
    CreateBackfill,
    DeleteRun,
    MarkRun,
    MarkTasks,
    PoolsChanged,
    RemoteReport,
    RunRequested,
    SetNote,
    SpecChanged,
    TaskSelection,
)
from etesian.protocol.reports import Claim, Finished, Report
from etesian.scheduler.core.core import Core
from etesian.scheduler.core.events import Event, RunAdded
from etesian.scheduler.shell import loading
from etesian.scheduler.shell.markers import follow_markers
from etesian.scheduler.shell.settings import ShellSettings
from etesian.store import Store
from etesian.store.errors import UnknownDagError, UnknownRunError
from etesian.store.queries import inbox, runs
from etesian.store.queries.inbox import InboxRow
from etesian.store.queries.versions import UnknownVersionError

logger = logging.getLogger(__name__)

_report_decoder: msgspec.msgpack.Decoder[Report] = msgspec.msgpack.Decoder(Report)


def reads_runs(command: Command) -> bool:
    """Whether translating a command reads runs from the store that the core may just have changed."""
    return isinstance(
        command, ClearTasks | MarkTasks | MarkRun | DeleteRun | SetNote | SpecChanged | CreateBackfill
    )


class InboxReader:
    """Reads commands in order, a bounded number at a time."""

    def __init__(self, store: Store, settings: ShellSettings, core: Core) -> None:
        self._store = store
        self._settings = settings
        self._core = core
        self.due_at: datetime | None = None  #: when to look although no bell rang; None: never looked yet

    def is_due(self, now: datetime) -> bool:
        """Whether it is time for the regular look; it is when the clock was set back, too."""
        due_at = self.due_at
        return due_at is None or now >= due_at or now < due_at - self._settings.inbox_interval

    def read(self, now: datetime) -> list[InboxRow]:
        """Return the commands that wait, a bounded number of them."""
        with self._store.write() as connection:
            rows = inbox.read(connection, self._settings.max_commands_per_batch)
        # A full batch leaves the rest for the next turn, at once.
        full = len(rows) == self._settings.max_commands_per_batch
        self.due_at = now if full else now + self._settings.inbox_interval
        return rows

    def translate(self, command: Command) -> list[Event]:
        """Return the events of one command, in order; none when it speaks of something that is gone, or says
        nothing that can be understood.
        """
        try:
            with self._store.read() as connection:
                return list(self._translate(connection, command))
        except (UnknownDagError, UnknownRunError, UnknownVersionError, msgspec.MsgspecError) as error:
            logger.warning("a command was dropped: %s", error)
            return []

    def set_aside(self, row: InboxRow, error: Exception) -> None:
        """Let nobody meet a command again that cannot be carried out."""
        what = type(row.command).__name__
        logger.error("%s, number %d of the inbox, is set aside", what, row.id, exc_info=error)
        with self._store.write() as connection:
            inbox.set_aside(connection, row.id, f"{type(error).__name__}: {error}")

    def _translate(self, connection: Connection, command: Command) -> Iterator[Event]:
        match command:
            case SpecChanged(dag_id=dag_id):
                updated = loading.load_dag(connection, dag_id)
                if updated is not None:
                    yield updated
                    yield from loading.load_backfills(connection, [dag_id])
            case RunRequested(dag_id=dag_id, run_id=run_id):
                yield from _added_run(connection, RunKey(dag_id, run_id))
            case CreateBackfill():
                yield loading.load_new_backfill(connection, command)
            case PoolsChanged():
                yield loading.load_pools(connection)
            case ClearTasks():
                for clear in (command, *follow_markers(connection, command)):
                    yield from self._missing_runs(connection, clear)
                    yield clear
            case RemoteReport(report=body):
                report = _report_decoder.decode(body)
                if isinstance(report, Claim | Finished):
                    yield report
            case _:
                yield from self._missing_runs(connection, command)
                yield command

    def _missing_runs(self, connection: Connection, command: Command) -> Iterator[Event]:
        """Yield the finished runs that a command touches and that the core no longer knows."""
        match command:
            case ClearTasks(selection=selection) | MarkTasks(selection=selection):
                keys = loading.find_selected_runs(connection, selection)
            case MarkRun(dag_id=dag_id, run_id=run_id) | DeleteRun(dag_id=dag_id, run_id=run_id):
                keys = [RunKey(dag_id, run_id)]
            case SetNote(dag_id=dag_id, run_id=run_id):
                keys = loading.find_selected_runs(connection, TaskSelection(dag_id=dag_id, run_ids=(run_id,)))
            case _:
                return
        for key in keys:
            if not self._core.has_run(key):
                yield loading.load_run(connection, key)


def _added_run(connection: Connection, key: RunKey) -> Iterator[Event]:
    """Yield a new run, unless a leader found it when it came, and has finished it already."""
    run = runs.load_run(connection, key)
    if not run.state.is_final:
        yield RunAdded(run=run)

"""The parser's loop: notices changed DAG files, has them parsed, and stores what they say."""

from __future__ import annotations

import logging
import os
import select
import socket
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy import Connection

from etesian.foundation.clock import Clock, SystemClock
from etesian.foundation.stop import StopSignal
from etesian.parser.catalog import BundleCatalog
from etesian.parser.crew import Crew, FileResult
from etesian.parser.discovery import BundleUnreadableError
from etesian.parser.outcome import FileOutcome, judge_gone, judge_parsed
from etesian.parser.owners import DagOwners, FileKey
from etesian.parser.settings import ParserSettings
from etesian.parser.watcher import FolderWatcher
from etesian.protocol.requests import (
    Answer,
    DeleteVariable,
    GetAssetEvents,
    GetConnection,
    GetDag,
    GetRunStates,
    GetTaskStates,
    GetVariable,
    Refused,
    Request,
    SetVariable,
)
from etesian.spec.codec import decode_dag
from etesian.store import Store, StoreError
from etesian.store.answers import answer
from etesian.store.bus import Bus
from etesian.store.queries.dags import load_files, mark_dags_gone, save_spec
from etesian.store.queries.heartbeats import BEAT_INTERVAL, delete_heartbeat, save_heartbeat
from etesian.store.queries.import_errors import forget_import_errors, list_import_errors, save_import_error
from etesian.store.queries.page import MAX_COUNT, Paging

logger = logging.getLogger(__name__)

#: Files whose outcome is stored in one transaction: few enough that other writers do not wait long.
_BATCH_FILES: Final = 32
#: How long the first outcome waits for others while more files are being parsed.
_BATCH_SECONDS: Final = 0.1
#: What a DAG file may ask while it is imported.
_ALLOWED_REQUESTS: Final = (
    GetVariable,
    SetVariable,
    DeleteVariable,
    GetConnection,
    GetRunStates,
    GetTaskStates,
    GetDag,
    GetAssetEvents,
)
#: How long to wait after the store could not be written.
_RETRY_SECONDS: Final = 1.0


def run_parser(
    settings: ParserSettings, store: Store, bus: Bus, stop: StopSignal, clock: Clock | None = None
) -> None:
    """Keep the store's DAGs as the files of the bundles define them, until ``stop`` is set.

    Raises:
        StoreError: the store could not be read at the start.
        NurseryError: the process that imports files cannot be kept running.
    """
    parser = _Parser(settings, store, bus, clock or SystemClock())
    try:
        parser.run(stop)
    finally:
        parser.close()


class _Parser:
    def __init__(self, settings: ParserSettings, store: Store, bus: Bus, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._bus = bus
        self._clock = clock
        self._catalogs = {bundle.name: BundleCatalog(bundle, settings) for bundle in settings.bundles}
        self._unreadable: set[str] = set()
        self._unsaved: deque[FileOutcome] = deque()
        self._save_at: float | None = None
        self._scan_at = clock.monotonic()
        self._beat_at = clock.monotonic()
        with store.read() as connection:
            known = load_files(connection)
            errors = list_import_errors(connection, Paging(limit=MAX_COUNT)).items
        self._owners = DagOwners(
            {dag_id: FileKey(*place) for place, dag_ids in known.items() for dag_id in dag_ids}
        )
        #: Files that the store knows and no look has found yet.
        self._unseen = self._owners.files() | {FileKey(error.bundle, error.file) for error in errors}
        self._crew = Crew(settings, clock, self._answer)
        self._bell = bus.listen(("specs",))
        self._watcher = FolderWatcher(
            (bundle.folder for bundle in settings.bundles), settings.debounce_seconds
        )

    def run(self, stop: StopSignal) -> None:
        """Work until ``stop`` is set."""
        while not stop.is_set():
            self._beat()
            self._scan_if_due()
            self._start_files()
            self._save_if_due()
            to_read = (stop.fileno(), self._bell.fileno(), self._watcher.fileno(), self._crew.fileno())
            to_write = (self._crew.fileno(),) if self._crew.has_unsent else ()
            select.select(to_read, to_write, (), self._seconds_to_sleep())
            for result in self._crew.work():
                self._take(result)
        self._save(list(self._unsaved))

    def close(self) -> None:
        """End the nursery and stop watching."""
        self._watcher.close()
        self._bell.close()
        self._crew.close()
        try:
            with self._store.write() as connection:
                delete_heartbeat(connection, "parser", socket.gethostname(), os.getpid())
        except StoreError:
            pass  # it is forgotten by itself when it has been silent for long

    def _seconds_to_sleep(self) -> float:
        moments = [self._scan_at, self._beat_at]
        if self._save_at is not None:
            moments.append(self._save_at)
        if self._crew.has_room:
            due = (catalog.next_due() for catalog in self._catalogs.values())
            moments += [moment for moment in due if moment is not None]
        return max(0.0, min(moments) - self._clock.monotonic())

    def _answer(self, request: Request) -> Answer:
        """Answer what a DAG file asks while it is imported. It may look things up; it may not act."""
        if not isinstance(request, _ALLOWED_REQUESTS):
            what = type(request).__name__
            return Refused(
                id=getattr(request, "id", 0),
                reason=f"{what} works in a task, not while a DAG file is imported",
            )
        return answer(self._store, request, now=self._clock.now())

    # --- looking ----------------------------------------------------------------------------------------------

    def _scan_if_due(self) -> None:
        heard = self._watcher.drain() or bool(self._bell.drain())
        now = self._clock.monotonic()
        if not heard and now < self._scan_at:
            return
        self._scan_at = now + self._settings.rescan_interval_seconds
        for name, catalog in self._catalogs.items():
            try:
                changes = catalog.scan(now, something_changed=heard)
            except BundleUnreadableError as error:
                if name not in self._unreadable:
                    logger.error("%s", error)
                self._unreadable.add(name)
                continue
            self._unreadable.discard(name)
            for key in (*changes.gone, *changes.without_dags):
                self._note(judge_gone(key, self._owners))
            self._forget_unseen(name, changes.found)
        for key in [key for key in self._unseen if key.bundle not in self._catalogs]:
            self._unseen.discard(key)
            self._note(judge_gone(key, self._owners))

    def _forget_unseen(self, bundle: str, found: frozenset[str]) -> None:
        """Drop what the store knows of files that went away while no parser ran."""
        for key in [key for key in self._unseen if key.bundle == bundle]:
            self._unseen.discard(key)
            if key.file not in found:
                self._note(judge_gone(key, self._owners))

    # --- parsing ----------------------------------------------------------------------------------------------

    def _start_files(self) -> None:
        now = self._clock.monotonic()
        for catalog in self._catalogs.values():
            while self._crew.has_room and (key := catalog.next_file(now)):
                self._crew.add(key, catalog.bundle.folder)
        self._crew.begin()

    def _take(self, result: FileResult) -> None:
        catalog, parsed = self._catalogs[result.key.bundle], result.parsed
        outcome = judge_parsed(result.key, catalog.bundle.folder, parsed, self._owners)
        clock = self._clock
        has_failed = bool(outcome.failures)
        code_hash = catalog.settle(result, has_failed=has_failed, moment=clock.now(), now=clock.monotonic())
        if code_hash is None:
            return  # the file is gone since; that is noted already
        for warning in parsed.warnings:
            logger.warning("%s", warning)
        for failure in outcome.failures:
            logger.warning("%s", failure.message.split("\n", 1)[0])
        source = catalog.read_source(result.key) if outcome.dags else ""
        self._note(replace(outcome, code_hash=code_hash, source=source))

    def _note(self, outcome: FileOutcome) -> None:
        for key in outcome.released:
            self._catalogs[key.bundle].queue(key)
        self._unsaved.append(outcome)
        if self._save_at is None:
            self._save_at = self._clock.monotonic() + _BATCH_SECONDS

    # --- storing ----------------------------------------------------------------------------------------------

    def _save_if_due(self) -> None:
        if self._save_at is None:
            return
        is_time = self._clock.monotonic() >= self._save_at
        if is_time or len(self._unsaved) >= _BATCH_FILES or self._crew.is_idle:
            batch = list(islice(self._unsaved, _BATCH_FILES))
            if self._save(batch):
                for _ in batch:
                    self._unsaved.popleft()
                self._save_at = self._clock.monotonic() if self._unsaved else None
            else:
                self._save_at = self._clock.monotonic() + _RETRY_SECONDS

    def _save(self, outcomes: Sequence[FileOutcome]) -> bool:
        """Store outcomes in one transaction and tell the scheduler; return False when the store cannot be written."""
        now = self._clock.now()
        changed = False
        try:
            with self._store.write() as connection:
                for outcome in outcomes:
                    changed |= self._save_outcome(connection, outcome, now)
        except StoreError as error:
            logger.error(
                "what %d DAG files say could not be stored and is tried again: %s", len(outcomes), error
            )
            return False
        if changed:
            self._bus.ring("inbox")
            self._bus.ring("changes")
        return True

    def _save_outcome(self, connection: Connection, outcome: FileOutcome, now: datetime) -> bool:
        bundle, file = outcome.key
        changed = bool(outcome.gone and mark_dags_gone(connection, outcome.gone, now=now))
        for dag in outcome.dags:
            changed |= save_spec(
                connection,
                decode_dag(dag.spec),
                bundle=bundle,
                code_hash=outcome.code_hash,
                source=outcome.source,
                now=now,
                is_paused_at_creation=self._settings.paused_at_creation,
            )
        if outcome.failures:
            message = "\n\n".join(failure.message for failure in outcome.failures)
            line = outcome.failures[0].line
            save_import_error(connection, bundle=bundle, file=file, message=message, line=line, now=now)
        else:
            forget_import_errors(connection, bundle, (file,))
        return changed

    def _beat(self) -> None:
        now = self._clock.monotonic()
        if now < self._beat_at:
            return
        self._beat_at = now + BEAT_INTERVAL.total_seconds()
        try:
            with self._store.write() as connection:
                save_heartbeat(connection, "parser", socket.gethostname(), os.getpid(), self._clock.now())
        except StoreError as error:
            logger.warning("the parser's sign of life could not be stored: %s", error)

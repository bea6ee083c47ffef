"""The parser's loop: notices changed DAG files, has them parsed, and hands on what they say."""

from __future__ import annotations

import logging
import os
import select
import socket
from dataclasses import replace
from typing import Final

from etesian.foundation.clock import Clock, SystemClock
from etesian.foundation.stop import StopSignal
from etesian.parser.catalog import BundleCatalog, Changes
from etesian.parser.crew import Crew, FileResult
from etesian.parser.loop.outcome_store import OutcomeStore
from etesian.parser.outcome import FileOutcome, judge_gone, judge_misnamed, judge_parsed
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
from etesian.sdk.dags.dag_files import BundleUnreadableError
from etesian.store import Store, StoreError
from etesian.store.answers import answer
from etesian.store.bus import Bus
from etesian.store.queries.dags import load_files
from etesian.store.queries.heartbeats import BEAT_INTERVAL, delete_heartbeat, save_heartbeat
from etesian.store.queries.import_errors import list_import_errors
from etesian.store.queries.page import MAX_COUNT, Paging

logger = logging.getLogger(__name__)

#: What a DAG file may ask while it is imported: it may look things up and keep variables, but start nothing.
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


def run_parser(
    settings: ParserSettings, store: Store, bus: Bus, stop: StopSignal, clock: Clock | None = None
) -> None:
    """Keep the store's DAGs as the files of the bundles define them, until ``stop`` is set.

    Raises:
        StoreError: the store could not be read at the start.
        NurseryError: the process that imports files cannot be kept running.
    """
    parser = _ParserService(settings, store, bus, clock or SystemClock())
    try:
        parser.run(stop)
    finally:
        parser.close()


class _ParserService:
    def __init__(self, settings: ParserSettings, store: Store, bus: Bus, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._catalogs = {bundle.name: BundleCatalog(bundle, settings) for bundle in settings.bundles}
        self._unreadable: set[str] = set()
        self._scan_at = self._beat_at = clock.monotonic()
        with store.read() as connection:
            known = load_files(connection)
            errors = list_import_errors(connection, Paging(limit=MAX_COUNT)).items
        self._owners = DagOwners(
            {dag_id: FileKey(*place) for place, dag_ids in known.items() for dag_id in dag_ids}
        )
        #: Files that the store knows and no look has found yet.
        self._unseen = self._owners.files() | {FileKey(error.bundle, error.file) for error in errors}
        self._outcomes = OutcomeStore(store, bus, clock, paused_at_creation=settings.paused_at_creation)
        self._crew = Crew(settings, clock, self._answer)
        self._bell = bus.listen(("specs",))
        self._watcher = self._watch()

    def run(self, stop: StopSignal) -> None:
        """Work until ``stop`` is set."""
        while not stop.is_set():
            self._beat()
            self._scan_if_due()
            self._start_files()
            self._outcomes.save_due(more_is_coming=not self._crew.is_idle)
            to_read = (stop.fileno(), self._bell.fileno(), self._watcher.fileno(), self._crew.fileno())
            to_write = (self._crew.fileno(),) if self._crew.has_unsent else ()
            select.select(to_read, to_write, (), self._seconds_to_sleep())
            for result in self._crew.work():
                self._take(result)
        self._outcomes.save_all()

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
        moments = [self._scan_at, self._beat_at, self._outcomes.due_at]
        if self._crew.has_room:
            moments += [catalog.next_due() for catalog in self._catalogs.values()]
        next_moment = min(moment for moment in moments if moment is not None)
        return max(0.0, next_moment - self._clock.monotonic())

    def _answer(self, request: Request) -> Answer:
        if isinstance(request, _ALLOWED_REQUESTS):
            return answer(self._store, request, now=self._clock.now())
        reason = f"{type(request).__name__} works in a task, not while a DAG file is imported"
        return Refused(id=getattr(request, "id", 0), reason=reason)

    def _beat(self) -> None:
        if self._clock.monotonic() < self._beat_at:
            return
        self._beat_at = self._clock.monotonic() + BEAT_INTERVAL.total_seconds()
        try:
            with self._store.write() as connection:
                save_heartbeat(connection, "parser", socket.gethostname(), os.getpid(), self._clock.now())
        except StoreError as error:
            logger.warning("the parser's sign of life could not be stored: %s", error)

    # --- looking ------------------------------------------------------------------------------------------

    def _watch(self) -> FolderWatcher:
        folders = (bundle.folder for bundle in self._settings.bundles)
        return FolderWatcher(folders, self._settings.debounce_seconds)

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
                self._note_unreadable(name, error)
            else:
                self._note_changes(name, changes)
        for key in [key for key in self._unseen if key.bundle not in self._catalogs]:
            self._unseen.discard(key)
            self._note(judge_gone(key, self._owners))

    def _note_unreadable(self, bundle: str, error: BundleUnreadableError) -> None:
        if bundle not in self._unreadable:
            logger.error("%s", error)
        self._unreadable.add(bundle)

    def _note_changes(self, bundle: str, changes: Changes) -> None:
        if bundle in self._unreadable:
            self._unreadable.discard(bundle)
            self._watcher.close()
            self._watcher = self._watch()
        for key in (*changes.gone, *changes.without_dags):
            self._note(judge_gone(key, self._owners))
        for key in changes.misnamed:
            self._note(judge_misnamed(key))
        for key in [key for key in self._unseen if key.bundle == bundle]:
            self._unseen.discard(key)
            if key.file not in changes.found:  # it went away while no parser ran
                self._note(judge_gone(key, self._owners))

    # --- parsing ------------------------------------------------------------------------------------------

    def _start_files(self) -> None:
        now = self._clock.monotonic()
        for catalog in self._catalogs.values():
            while self._crew.has_room and (key := catalog.next_file(now)):
                self._crew.add(key, catalog.bundle.folder)
        self._crew.begin()

    def _take(self, result: FileResult) -> None:
        catalog = self._catalogs[result.key.bundle]
        code_hash = catalog.settle(result, moment=self._clock.now(), now=self._clock.monotonic())
        if code_hash is None:
            return  # the file is gone since; that is noted already
        outcome = judge_parsed(result.key, catalog.bundle.folder, result.parsed, self._owners)
        for warning in result.parsed.warnings:
            logger.warning("%s", warning)
        for failure in outcome.failures:
            logger.warning("%s", failure.message.partition("\n")[0])
        source = catalog.read_source(result.key) if outcome.dags else ""
        self._note(replace(outcome, code_hash=code_hash, source=source))

    def _note(self, outcome: FileOutcome) -> None:
        for key in outcome.released:
            self._catalogs[key.bundle].queue(key)
        self._outcomes.add(outcome)

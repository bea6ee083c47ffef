"""The parser's loop: notices changed DAG files, has them parsed, and hands on what they say."""

from __future__ import annotations

import logging
import os
import select
import socket
from dataclasses import replace
from typing import Final

from etesian.bundles.source import WHOLE_BUNDLE, BundlePlace
from etesian.foundation.clock import Clock, SystemClock
from etesian.foundation.stop import StopSignal
from etesian.parser.catalog import BundleCatalog, Changes
from etesian.parser.crew import Crew, FileResult
from etesian.parser.loop.outcome_store import OutcomeStore
from etesian.parser.loop.refresher import BundleRefresher, Refreshed
from etesian.parser.outcome import (
    FileOutcome,
    judge_fetched,
    judge_gone,
    judge_misnamed,
    judge_parsed,
    judge_unchanged,
    judge_unfetched,
)
from etesian.parser.owners import DagOwners, FileKey
from etesian.parser.settings import ParserSettings
from etesian.parser.stability import StabilityWatch
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
from etesian.store.queries.parse_requests import take_parse_requests
from etesian.store.queries.runs import load_used_versions

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
        self._unfetched: set[str] = set()
        self._stability = StabilityWatch()
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
        self._refresher = BundleRefresher(settings.bundles, clock)

    def run(self, stop: StopSignal) -> None:
        """Work until ``stop`` is set."""
        while not stop.is_set():
            self._beat()
            for refreshed in self._refresher.drain():
                self._take_refreshed(refreshed)
            self._scan_if_due()
            self._start_files()
            self._outcomes.save_due(more_is_coming=not self._crew.is_idle)
            sources = (stop, self._bell, self._watcher, self._refresher, self._crew)
            to_read = [source.fileno() for source in sources]
            to_write = (self._crew.fileno(),) if self._crew.has_unsent else ()
            select.select(to_read, to_write, (), self._seconds_to_sleep())
            for result in self._crew.work():
                self._take(result)
        self._outcomes.save_all()

    def close(self) -> None:
        """End the nursery and stop watching."""
        self._refresher.close()
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
        folders = (bundle.folder for bundle in self._settings.bundles if bundle.source is None)
        return FolderWatcher(folders, self._settings.debounce_seconds)

    def _scan_if_due(self) -> None:
        if self._bell.drain():
            self._take_requests()
        heard = self._watcher.drain()
        now = self._clock.monotonic()
        if not heard and now < self._scan_at:
            return
        self._scan_at = now + self._settings.rescan_interval_seconds
        for catalog in self._catalogs.values():
            self._scan(catalog, heard)
        for key in [key for key in self._unseen if key.bundle not in self._catalogs]:
            self._unseen.discard(key)
            self._note(judge_gone(key, self._owners))

    def _take_requests(self) -> None:
        """Queue the files that people want parsed."""
        try:
            with self._store.write() as connection:
                asked = take_parse_requests(connection)
        except StoreError as error:
            logger.warning("what people want parsed could not be read: %s", error)
            return
        for bundle, file in asked:
            catalog = self._catalogs.get(bundle)
            if catalog is not None and file == WHOLE_BUNDLE:
                self._refresher.refresh_now(bundle)
                catalog.queue_all()
            elif catalog is not None:
                catalog.queue(FileKey(bundle, file))

    def _scan(self, catalog: BundleCatalog, heard: bool) -> None:
        if catalog.place is None:
            return
        try:
            changes = catalog.scan(self._clock.monotonic(), something_changed=heard)
        except BundleUnreadableError as error:
            self._note_unreadable(catalog.name, error)
        else:
            self._note_changes(catalog.name, changes)

    def _take_refreshed(self, refreshed: Refreshed) -> None:
        catalog, place = self._catalogs[refreshed.bundle], refreshed.place
        if refreshed.error is not None:
            if catalog.name not in self._unfetched:
                logger.error("bundle %s: %s", catalog.name, refreshed.error)
            self._unfetched.add(catalog.name)
            self._note(judge_unfetched(catalog.name, refreshed.error))
        elif catalog.name in self._unfetched:
            self._unfetched.discard(catalog.name)
            self._note(judge_fetched(catalog.name))
        if place is not None and (place != catalog.place or place.version is None):
            self._follow(catalog, place)

    def _follow(self, catalog: BundleCatalog, place: BundlePlace) -> None:
        """Take in the files of a bundle that were just fetched."""
        before, version = catalog.place, place.version
        catalog.move_to(place)
        self._scan(catalog, heard=True)
        if version is None:
            return
        logger.info("bundle %s is at version %s now", catalog.name, version)
        for key in catalog.unchanged_files():
            self._note(judge_unchanged(key, version))
        self._discard_versions(catalog.name, {version, before.version if before is not None else None})

    def _discard_versions(self, bundle: str, kept: set[str | None]) -> None:
        source = next(each.source for each in self._settings.bundles if each.name == bundle)
        try:
            with self._store.read() as connection:
                kept |= load_used_versions(connection, bundle)
        except StoreError as error:
            logger.warning("old versions of bundle %s are deleted later: %s", bundle, error)
        else:
            if source is not None:
                source.discard_except({version for version in kept if version is not None}, self._clock.now())

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
                self._crew.add(key, catalog.folder)
        self._crew.begin()

    def _take(self, result: FileResult) -> None:
        catalog = self._catalogs[result.key.bundle]
        if catalog.place is None or result.folder != catalog.folder:
            catalog.parse_again(result.key)
            return
        code_hash = catalog.settle(result, moment=self._clock.now(), now=self._clock.monotonic())
        if code_hash is None:
            return  # the file is gone since; that is noted already
        outcome = judge_parsed(result.key, catalog.folder, result.parsed, self._owners)
        for warning in result.parsed.warnings:
            logger.warning("%s", warning)
        for failure in outcome.failures:
            logger.warning("%s", failure.message.partition("\n")[0])
        source = catalog.read_source(result.key) if outcome.dags else ""
        for dag in outcome.dags:
            if self._stability.is_restless(dag.dag_id, dag.spec, code_hash):
                logger.warning(
                    "%s: DAG %r is another one each time that it is read, and each time a new version: something in "
                    "it changes by itself, such as datetime.now(); `etesian dags diff %s` shows what",
                    result.key,
                    dag.dag_id,
                    dag.dag_id,
                )
        version = catalog.place.version
        self._note(replace(outcome, bundle_version=version, code_hash=code_hash, source=source))

    def _note(self, outcome: FileOutcome) -> None:
        for dag_id in outcome.gone:
            self._stability.forget(dag_id)
        for key in outcome.released:
            self._catalogs[key.bundle].queue(key)
        self._outcomes.add(outcome)

"""What is known of each DAG file, and which file should be parsed next."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from zlib import crc32

from etesian.bundles.source import BundlePlace
from etesian.foundation.valid_text import as_valid_text, is_valid_text
from etesian.parser.crew import FileResult
from etesian.parser.fingerprint import Fingerprints
from etesian.parser.owners import FileKey
from etesian.parser.settings import Bundle, ParserSettings
from etesian.sdk.dags.dag_files import find_dag_files, mentions_dags

#: The clock of a file system may lag behind the machine's by a tick.
_CLOCK_SLACK_NS: Final = 20_000_000
#: How often in a row a file is parsed again at once because it changed while it was parsed.
_MAX_UNSETTLED: Final = 2
#: A file that failed is tried again when anything in its bundle changes, but not more often than this.
_RETRY_SECONDS: Final = 2.0


@dataclass(slots=True)
class _KnownFile:
    """One DAG file. Times are of the monotonic clock."""

    key: FileKey
    hash: str  #: of its own content, at the last look
    reads: tuple[str, ...] = ()  #: what else it read when it was parsed
    fingerprint: str | None = None  #: over all of these, when it was parsed; None: not yet
    parsed_at: float = 0.0
    due_at: float | None = None  #: when it is parsed again although nothing changed
    has_failed: bool = False
    is_waiting: bool = False
    is_running: bool = False
    unsettled: int = 0

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.key.file, *self.reads)


@dataclass(slots=True, kw_only=True)
class Changes:
    """What a look at a bundle found."""

    found: frozenset[str]  #: all files that are there
    gone: list[FileKey] = field(default_factory=list)
    without_dags: list[FileKey] = field(default_factory=list)  #: files that safe mode leaves out
    misnamed: list[FileKey] = field(
        default_factory=list
    )  #: new files whose name, in escapes here, is not UTF-8


class BundleCatalog:
    """The files of one bundle."""

    def __init__(self, bundle: Bundle, settings: ParserSettings) -> None:
        source = bundle.source
        self.name = bundle.name
        #: Where the files are; None before they are fetched for the first time.
        self.place = BundlePlace(bundle.folder) if source is None else source.place
        self._settings = settings
        self._fingerprints = Fingerprints(bundle.folder if self.place is None else self.place.folder)
        self._files: dict[str, _KnownFile] = {}
        self._misnamed: set[str] = set()
        self._waiting: deque[_KnownFile] = deque()
        self._due: list[tuple[float, str]] = []

    @property
    def folder(self) -> Path:
        """Where the files are that were fetched."""
        assert self.place is not None, "nobody looks for files before they are there"
        return self.place.folder

    def move_to(self, place: BundlePlace) -> None:
        """Look for the files at another place from now on; ``scan`` says how they differ."""
        self.place = place
        self._fingerprints.move_to(place.folder)

    def unchanged_files(self) -> list[FileKey]:
        """Return the files that are what they were when they were parsed, and need not be parsed."""
        return [
            known.key
            for known in self._files.values()
            if not (known.is_waiting or known.is_running) and known.fingerprint is not None
        ]

    def scan(self, now: float, *, something_changed: bool = False) -> Changes:
        """Look for files that are new, changed or gone, and queue what should be parsed.

        ``something_changed`` means that the operating system told so: files that failed may be good now, for
        instance because a module that they miss has appeared.

        Raises:
            BundleUnreadableError: the folder cannot be listed; nothing is changed.
        """
        listed = find_dag_files(self.folder, self._settings.ignore_syntax)
        found = [file for file in listed if is_valid_text(file)]
        misnamed = {
            as_valid_text(file) for file in set(listed).difference(found) if self._may_have_dags(file)
        }
        changes = Changes(found=frozenset(found) | misnamed)
        for file in self._files.keys() - changes.found:
            changes.gone.append(self._files.pop(file).key)
        changes.gone += [FileKey(self.name, file) for file in self._misnamed - misnamed]
        changes.misnamed += [FileKey(self.name, file) for file in misnamed - self._misnamed]
        self._misnamed = misnamed
        for file in found:
            self._look_at(file, now, something_changed, changes)
        self._fingerprints.forget_except({path for known in self._files.values() for path in known.paths})
        return changes

    def next_file(self, now: float) -> FileKey | None:
        """Return the next file to parse: changed ones in order, then those whose result is old."""
        while self._waiting:
            known = self._waiting.popleft()
            known.is_waiting = False
            if self._files.get(known.key.file) is known and not known.is_running:
                return self._begin(known)
        while self._due and self._due[0][0] <= now:
            due_at, file = heapq.heappop(self._due)
            due = self._files.get(file)
            if due is not None and due.due_at == due_at and not due.is_running:
                return self._begin(due)
        return None

    def next_due(self) -> float | None:
        """Return when the next file is due, by the monotonic clock; None: never."""
        if self._waiting:
            return 0.0
        return self._due[0][0] if self._due else None

    def settle(self, result: FileResult, *, moment: datetime, now: float) -> str | None:
        """Take in that a file was parsed; return the hash of all that it read, or None if the file is gone.

        If one of its parts was written while it was parsed, nobody knows which content was read: it is queued
        again. ``moment`` and ``now`` are the same time on the two clocks.
        """
        known = self._files.get(result.key.file)
        if known is None:
            return None
        known.is_running = False
        known.has_failed = bool(result.parsed.failures)
        known.parsed_at = now
        known.reads = result.parsed.reads
        known.fingerprint = self._fingerprints.of_all(known.paths)
        known.hash = self._fingerprints.of(known.key.file)
        is_settled = not self._fingerprints.changed_since(known.paths, result.started_ns - _CLOCK_SLACK_NS)
        known.unsettled = 0 if is_settled else known.unsettled + 1
        if 0 < known.unsettled <= _MAX_UNSETTLED:
            self._queue(known)
        renewals = [dag.renew_at for dag in result.parsed.dags if dag.renew_at is not None]
        renew_in = (min(renewals) - moment).total_seconds() if renewals else None
        self._set_due(known, now + self._seconds_until_reparse(known, renew_in))
        return known.fingerprint

    def parse_again(self, key: FileKey) -> None:
        """Take in that a file was parsed in a version that is no longer of interest."""
        known = self._files.get(key.file)
        if known is not None:
            known.is_running = False
            self._queue(known)

    def queue(self, key: FileKey) -> None:
        """Ask for a file to be parsed again."""
        known = self._files.get(key.file)
        if known is not None:
            self._queue(known)

    def queue_all(self) -> None:
        """Ask for all files to be parsed again."""
        for known in self._files.values():
            if known.fingerprint is not None:
                self._queue(known)

    def read_source(self, key: FileKey) -> str:
        """Return the text of a file, for people to see; empty for an archive or a file that went away."""
        try:
            content = (self.folder / key.file).read_bytes()
        except OSError:
            return ""
        return "" if key.file.endswith(".zip") else content.decode("utf-8", errors="replace")

    def _look_at(self, file: str, now: float, something_changed: bool, changes: Changes) -> None:
        known = self._files.get(file)
        own_hash = self._fingerprints.of(file)
        if known is None or known.hash != own_hash:
            known = known or _KnownFile(FileKey(self.name, file), own_hash)
            self._files[file] = known
            known.hash = own_hash
            if self._may_have_dags(file):
                self._queue(known)
            else:
                known.fingerprint, known.reads, known.due_at = own_hash, (), None
                changes.without_dags.append(known.key)
            return
        if known.fingerprint is None or (not known.reads and not known.has_failed):
            return
        if self._fingerprints.of_all(known.paths) != known.fingerprint:
            self._queue(known)
        elif something_changed and known.has_failed:
            self._set_due(known, max(now, known.parsed_at + _RETRY_SECONDS))

    def _may_have_dags(self, file: str) -> bool:
        if not self._settings.safe_mode or file.endswith(".zip"):
            return True
        try:
            return mentions_dags((self.folder / file).read_bytes())
        except OSError:
            return True  # the import will say what is wrong

    def _queue(self, known: _KnownFile) -> None:
        if not known.is_waiting:
            known.is_waiting = True
            self._waiting.append(known)

    def _begin(self, known: _KnownFile) -> FileKey:
        known.is_running = True
        known.due_at = None
        return known.key

    def _set_due(self, known: _KnownFile, moment: float) -> None:
        known.due_at = moment
        heapq.heappush(self._due, (moment, known.key.file))

    def _seconds_until_reparse(self, known: _KnownFile, renew_in: float | None) -> float:
        """Return when an unchanged file is parsed again; files that were parsed together are spread out."""
        spread = crc32(known.key.file.encode("utf-8", "surrogateescape")) / 2**32 / 4
        wait = self._settings.reparse_interval_seconds * (1 - spread)
        if renew_in is None:
            return wait
        return min(wait, max(renew_in, self._settings.shortest_renewal_seconds))

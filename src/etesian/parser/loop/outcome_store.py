"""Stores what DAG files say: specs, errors, and DAGs that are gone, several files in one transaction."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy import Connection

from etesian.foundation.clock import Clock
from etesian.parser.messages import ImportFailure
from etesian.parser.outcome import FileOutcome
from etesian.spec.codec import decode_dag
from etesian.store import Store, StoreError
from etesian.store.bus import Bus
from etesian.store.errors import StoreCorruptError, StoreFullError, StoreReadOnlyError, StoreUnavailableError
from etesian.store.queries.dags import mark_dags_gone, save_spec, set_bundle_version
from etesian.store.queries.import_errors import forget_import_errors, save_import_error

logger = logging.getLogger(__name__)

#: Files whose outcome is stored in one transaction: few enough that other writers do not wait long.
_BATCH_FILES: Final = 32
#: How long the first outcome waits for others while more files are being parsed.
_BATCH_SECONDS: Final = 0.1
#: How long to wait after the store could not be written.
_RETRY_SECONDS: Final = 1.0
#: The store as a whole cannot be written now; any other error is about what was to be stored.
_STORE_IS_DOWN: Final = (StoreUnavailableError, StoreReadOnlyError, StoreFullError, StoreCorruptError)


class OutcomeStore:
    """Outcomes on their way into the store, in order. None is lost while the store cannot be written."""

    def __init__(self, store: Store, bus: Bus, clock: Clock, *, paused_at_creation: bool) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._paused_at_creation = paused_at_creation
        self._waiting: deque[FileOutcome] = deque()
        self._due_at: float | None = None

    def add(self, outcome: FileOutcome) -> None:
        """Take in one outcome."""
        self._waiting.append(outcome)
        if self._due_at is None:
            self._due_at = self._clock.monotonic() + _BATCH_SECONDS

    @property
    def due_at(self) -> float | None:
        """When ``save_due`` has something to do, by the monotonic clock; None: when another outcome comes."""
        return self._due_at

    def save_due(self, *, more_is_coming: bool) -> None:
        """Store a batch if one is full or old enough, or if nothing more is to be expected soon."""
        if self._due_at is None:
            return
        is_late = self._clock.monotonic() >= self._due_at
        if is_late or len(self._waiting) >= _BATCH_FILES or not more_is_coming:
            self._save_batch()

    def save_all(self) -> None:
        """Store all that waits, for the last time."""
        while self._waiting and self._save_batch():
            pass

    def _save_batch(self) -> bool:
        batch = list(islice(self._waiting, _BATCH_FILES))
        try:
            self._save(batch)
        except _STORE_IS_DOWN as error:
            logger.error("what %d DAG files say is stored later: %s", len(self._waiting), error)
            self._due_at = self._clock.monotonic() + _RETRY_SECONDS
            return False
        for _ in batch:
            self._waiting.popleft()
        self._due_at = self._clock.monotonic() if self._waiting else None
        return True

    def _save(self, outcomes: Sequence[FileOutcome]) -> None:
        """Store outcomes in one transaction; one that the store refuses does not hold up the others."""
        try:
            self._write(outcomes)
        except _STORE_IS_DOWN:
            raise
        except StoreError as error:
            if len(outcomes) > 1:
                for outcome in outcomes:
                    self._save((outcome,))
                return
            refused = outcomes[0]
            failure = ImportFailure(message=f"{refused.key}: its DAGs cannot be stored: {error}")
            logger.error("%s", failure.message)
            if refused.dags:
                self._save((replace(refused, dags=(), failures=(*refused.failures, failure)),))

    def _write(self, outcomes: Sequence[FileOutcome]) -> None:
        now = self._clock.now()
        with self._store.write() as connection:
            changes = [self._write_one(connection, outcome, now) for outcome in outcomes]
        if any(changes):
            self._bus.ring("inbox")
            self._bus.ring("changes")

    def _write_one(self, connection: Connection, outcome: FileOutcome, now: datetime) -> bool:
        bundle, file = outcome.key
        version = outcome.bundle_version
        if outcome.is_unchanged and version is not None:
            return set_bundle_version(connection, bundle=bundle, file=file, version=version, now=now)
        changed = bool(outcome.gone and mark_dags_gone(connection, outcome.gone, now=now))
        for dag in outcome.dags:
            changed |= save_spec(
                connection,
                decode_dag(dag.spec),
                bundle=bundle,
                bundle_version=version,
                code_hash=outcome.code_hash,
                source=outcome.source,
                now=now,
                is_paused_at_creation=self._paused_at_creation,
            )
        if outcome.failures:
            message = "\n\n".join(failure.message for failure in outcome.failures)
            line = outcome.failures[0].line
            save_import_error(connection, bundle=bundle, file=file, message=message, line=line, now=now)
            return True  # those who watch see that the file is broken
        return bool(forget_import_errors(connection, bundle, (file,))) or changed

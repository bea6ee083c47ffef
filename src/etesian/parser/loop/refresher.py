"""Fetches bundles in a thread of its own, so that a slow repository keeps no DAG file from being parsed."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

from etesian.bundles.errors import BundleError
from etesian.bundles.source import BundlePlace, BundleSource
from etesian.foundation.clock import Clock
from etesian.foundation.errors import EtesianError
from etesian.parser.settings import Bundle

logger = logging.getLogger(__name__)

#: How long the end of the parser waits for a fetch; one that takes longer ends by itself.
_CLOSE_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A bundle was fetched, or could not be."""

    bundle: str
    place: BundlePlace | None  #: where its newest files are
    error: str | None = None  #: why it could not be fetched


class BundleRefresher:
    """Refreshes the bundles that have a source, one after the other, each as often as it asks for."""

    def __init__(self, bundles: Sequence[Bundle], clock: Clock) -> None:
        self._sources = {bundle.name: bundle.source for bundle in bundles if bundle.source is not None}
        self._clock = clock
        self._done: SimpleQueue[Refreshed] = SimpleQueue()
        self._descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        #: Bundles to be fetched now; None ends the thread.
        self._asked: SimpleQueue[str | None] = SimpleQueue()
        self._thread: Thread | None = None
        if self._sources:
            self._thread = Thread(target=self._run, name="bundles", daemon=True)
            self._thread.start()

    def fileno(self) -> int:
        """Return what is readable when ``drain`` has something to say."""
        return self._descriptor

    def drain(self) -> list[Refreshed]:
        """Return what was fetched since the last call."""
        found: list[Refreshed] = []
        try:
            os.eventfd_read(self._descriptor)
            while True:
                found.append(self._done.get_nowait())
        except (BlockingIOError, Empty):
            return found

    def refresh_now(self, bundle: str) -> None:
        """Fetch a bundle before its time, if it has a source."""
        if bundle in self._sources:
            self._asked.put(bundle)

    def close(self) -> None:
        """Fetch no more."""
        self._asked.put(None)
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)
        if self._thread is None or not self._thread.is_alive():
            os.close(self._descriptor)

    def _run(self) -> None:
        due = dict.fromkeys(self._sources, self._clock.monotonic())
        while (name := self._wait_for_next(due)) is not None:
            source = self._sources[name]
            self._done.put(_refresh(name, source))
            os.eventfd_write(self._descriptor, 1)
            due[name] = self._clock.monotonic() + source.refresh_seconds

    def _wait_for_next(self, due: Mapping[str, float]) -> str | None:
        """Return the bundle to fetch when it is time to, or when it is asked for; None: fetch no more."""
        name = min(due, key=due.__getitem__)
        try:
            return self._asked.get(timeout=max(0.0, due[name] - self._clock.monotonic()))
        except Empty:
            return name


def _refresh(name: str, source: BundleSource) -> Refreshed:
    try:
        source.refresh()
    except BundleError as error:
        return Refreshed(name, source.place, str(error))
    except (EtesianError, OSError) as error:  # its connection cannot be read now, for instance
        return Refreshed(name, source.place, f"the files of bundle {name!r} cannot be fetched: {error}")
    return Refreshed(name, source.place)

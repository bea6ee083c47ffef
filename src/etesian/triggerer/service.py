"""Running a triggerer until it is told to stop."""

from __future__ import annotations

import logging
import select

from etesian.foundation.errors import EtesianError
from etesian.foundation.stop import StopSignal
from etesian.triggerer.source import TriggerSource
from etesian.triggerer.triggerer import Triggerer, TriggererSettings

_log = logging.getLogger(__name__)


def run_triggerer(source: TriggerSource, settings: TriggererSettings, stop: StopSignal) -> None:
    """Await the triggers of ``source`` until ``stop`` is set.

    Whatever ends this process, no trigger is lost: each stays in the store until its event is stored.
    """
    triggerer = Triggerer(source, settings)
    try:
        while not stop.is_set():
            try:
                triggerer.refresh()
            except EtesianError as error:  # such as a full disk: the sentence says it all, and is said again
                _log.warning("Triggers cannot be loaded; trying again: %s", error)
                select.select([stop.fileno()], [], [], settings.refresh_seconds)
                continue
            except Exception:
                _log.warning("Triggers cannot be loaded; trying again", exc_info=True)
                select.select([stop.fileno()], [], [], settings.refresh_seconds)
                continue
            select.select([stop.fileno(), source.fileno()], [], [], settings.refresh_seconds)
    finally:
        triggerer.stop()

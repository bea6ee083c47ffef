"""What a scheduler is made of; the composition root puts it together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from etesian.executors.base import Executor
from etesian.foundation.clock import Clock
from etesian.foundation.stop import StopSignal
from etesian.scheduler.shell.settings import ShellSettings
from etesian.store import Store
from etesian.store.bus import Bus


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of one scheduler process."""

    settings: ShellSettings
    store: Store
    bus: Bus
    executors: Mapping[str, Executor]  #: by name; the default one is named in ``settings.core``
    clock: Clock
    stop: StopSignal

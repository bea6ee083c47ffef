"""Why a task does not run: the scheduler's own predicates, asked over a core made from the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from etesian.cli.services import wiring
from etesian.config.settings import Settings
from etesian.foundation.clock import SystemClock
from etesian.lifecycle.records import TaskKey
from etesian.scheduler.core.blockers import Blocker
from etesian.scheduler.shell.explaining import Explainer
from etesian.store import Store


def make_explainer(settings: Settings, store: Store) -> Callable[[TaskKey], Sequence[Blocker]]:
    """Return a function that says what a task instance waits for."""
    return Explainer(store, wiring.shell_settings(settings).core, SystemClock())

"""Why does a task not run? The scheduler's own rules, asked over a core that is made from the store.

The core is made for the question: a task that waits for slots may wait for any other, so all unfinished runs are
loaded for it; for any other only those of its DAG. What was loaded answers other questions for a while that grows
with the time it took, so that however many ask, a tenth of a processor is spent on it at most.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock, Timer
from typing import Final

from etesian.foundation.clock import Clock
from etesian.lifecycle.records import RunKey, TaskKey
from etesian.lifecycle.state import RunState, TaskState
from etesian.scheduler.core.blockers import Blocker
from etesian.scheduler.core.core import Core
from etesian.scheduler.core.decisions import AskPast, Decision
from etesian.scheduler.core.settings import CoreSettings
from etesian.scheduler.shell import loading
from etesian.scheduler.shell.past import load_past
from etesian.scheduler.shell.recovery import load_core
from etesian.store import Store
from etesian.store.queries.runs import load_run
from etesian.store.queries.task_instances import load_task_instance

#: A core is kept for so many times the seconds that it took to load it.
KEEP_FACTOR: Final = 9.0
#: What everybody sees within this time may be the same.
SHORTEST_KEEP_SECONDS: Final = 0.5


@dataclass(slots=True)
class _Kept:
    scope: str | None  #: the DAG that it knows; None: all
    core: Core
    questions: dict[RunKey, AskPast]  #: about the past that have not been answered
    until: float  #: by the monotonic clock


class Explainer:
    """Says what task instances wait for. May be called from any thread."""

    def __init__(self, store: Store, settings: CoreSettings, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._lock = Lock()
        self._kept: _Kept | None = None
        self.loads = 0  #: cores that were made so far

    def __call__(self, key: TaskKey) -> list[Blocker]:
        """Return all that keeps a task instance waiting; nothing if it does not wait.

        Raises:
            UnknownRunError: there is no such run.
            UnknownTaskInstanceError: the run has no such task instance.
        """
        scope = self._find_scope(key)
        with self._lock:
            kept = self._kept
            if kept is None or kept.scope != scope or self._clock.monotonic() >= kept.until:
                kept = self._load(scope)
            now = self._clock.now()
            question = kept.questions.pop(key.run_key, None)
            if question is not None:
                kept.core.apply(load_past(self._store, question), now)
            return kept.core.blockers(key, now)

    def _find_scope(self, key: TaskKey) -> str | None:
        with self._store.read() as connection:
            is_running = load_run(connection, key.run_key).state is RunState.RUNNING
            is_in_line = load_task_instance(connection, key).state is TaskState.SCHEDULED
        return None if is_running and is_in_line else key.dag_id

    def _load(self, scope: str | None) -> _Kept:
        begun = self._clock.monotonic()
        self._kept = None  # two at once would take twice the memory
        core, decisions = self._load_all() if scope is None else self._load_dag(scope)
        ended = self._clock.monotonic()
        keep_seconds = max((ended - begun) * KEEP_FACTOR, SHORTEST_KEEP_SECONDS)
        self._kept = _Kept(scope, core, _questions_in(decisions), ended + keep_seconds)
        self.loads += 1
        self._forget_after(keep_seconds, self._kept)
        return self._kept

    def _load_all(self) -> tuple[Core, list[Decision]]:
        loaded = load_core(self._store, self._settings, self._clock.now())
        return loaded.core, loaded.decisions

    def _load_dag(self, dag_id: str) -> tuple[Core, list[Decision]]:
        core, now = Core(self._settings), self._clock.now()
        decisions: list[Decision] = []
        with self._store.read() as connection:
            core.apply(loading.load_pools(connection), now)
            spec_updated = loading.load_dag(connection, dag_id)
            if spec_updated is not None:
                core.apply(spec_updated, now)
            for run_loaded in loading.load_unfinished_runs(connection, dag_id):
                decisions += core.apply(run_loaded, now)
            for backfill_loaded in loading.load_backfills(connection, [dag_id]):
                core.apply(backfill_loaded, now)
        return core, decisions

    def _forget_after(self, seconds: float, kept: _Kept) -> None:
        """Give the memory back when nobody asks any more."""

        def forget() -> None:
            with self._lock:
                if self._kept is kept:
                    self._kept = None

        timer = Timer(seconds, forget)
        timer.daemon = True
        timer.start()


def _questions_in(decisions: Iterable[Decision]) -> dict[RunKey, AskPast]:
    return {each.run_key: each for each in decisions if isinstance(each, AskPast)}

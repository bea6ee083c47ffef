"""Making a core from the store, at the start of a leader's term."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from etesian.scheduler.core.core import Core
from etesian.scheduler.core.decisions import Decision
from etesian.scheduler.core.events import CallbacksLoaded
from etesian.scheduler.core.settings import CoreSettings
from etesian.scheduler.shell.loading import load_backfills, load_dags, load_pools, load_unfinished_runs
from etesian.store import Store
from etesian.store.queries import callbacks


@dataclass(frozen=True, slots=True)
class LoadedCore:
    """A core that knows all the store knows, and what it decided while it was told."""

    core: Core
    decisions: list[Decision]
    dag_count: int
    run_count: int


def load_core(store: Store, settings: CoreSettings, now: datetime) -> LoadedCore:
    """Tell a new core of pools, DAGs, unfinished runs, backfills and callbacks that have not run yet."""
    core = Core(settings)
    decisions: list[Decision] = []
    dag_count = run_count = 0
    with store.read() as connection:
        decisions += core.apply(load_pools(connection), now)
        for spec_updated in load_dags(connection):
            decisions += core.apply(spec_updated, now)
            dag_count += 1
        for run_loaded in load_unfinished_runs(connection):
            decisions += core.apply(run_loaded, now)
            run_count += 1
        for backfill_loaded in load_backfills(connection):
            decisions += core.apply(backfill_loaded, now)
        decisions += core.apply(CallbacksLoaded(callbacks=tuple(callbacks.load_pending(connection))), now)
    return LoadedCore(core, decisions, dag_count, run_count)

"""What users ask for, at random."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TypeAlias

from etesian.lifecycle.records import RunKey
from etesian.protocol.commands import (
    ChangeBackfill,
    ClearTasks,
    CreateBackfill,
    DeleteRun,
    MarkRun,
    MarkTasks,
    SetNote,
    TaskSelection,
)
from tests.simulation.dags import START
from tests.simulation.store import Store

RunCommand: TypeAlias = ClearTasks | MarkTasks | MarkRun | SetNote | DeleteRun


def choose_run_command(random: Random, store: Store) -> RunCommand | None:
    """Return a command about a run, or None if there is no run."""
    if not store.runs:
        return None
    key = random.choice(list(store.runs))
    chance = random.random()
    if chance < 0.5:
        newest, note = random.random() < 0.4, random.choice((None, "again"))
        return ClearTasks(selection=_select(random, store, key), newest_version=newest, note=note)
    if chance < 0.75:
        state = random.choice(("success", "failed", "skipped"))
        return MarkTasks(selection=_select(random, store, key), state=state)
    if chance < 0.87:
        state = random.choice(("success", "failed", "queued"))
        return MarkRun(dag_id=key.dag_id, run_id=key.run_id, state=state)
    if chance < 0.94:
        return SetNote(dag_id=key.dag_id, run_id=key.run_id, note="seen")
    return DeleteRun(dag_id=key.dag_id, run_id=key.run_id)


def _select(random: Random, store: Store, key: RunKey) -> TaskSelection:
    tasks = [task.task_id for task in store.dags[key.dag_id].newest[0].tasks]
    flip = [random.random() < 0.3 for _ in range(6)]
    return TaskSelection(
        dag_id=key.dag_id,
        run_ids=(key.run_id,),
        task_ids=() if flip[0] else tuple(random.sample(tasks, k=1)),
        upstream=flip[1],
        downstream=flip[2],
        past=flip[3],
        future=flip[4],
        only_failed=flip[5],
    )


def choose_backfill(random: Random, store: Store, number: int) -> CreateBackfill | ChangeBackfill:
    """Return an order for a backfill, or a change of one."""
    if store.backfills and random.random() < 0.5:
        action = random.choice(("pause", "unpause", "cancel"))
        return ChangeBackfill(backfill_id=random.choice(list(store.backfills)), action=action)
    return CreateBackfill(
        backfill_id=f"b{number}",
        dag_id=random.choice(list(store.dags)),
        from_date=START - timedelta(hours=random.randint(0, 2)),
        to_date=START + timedelta(hours=1),
        run_backwards=random.random() < 0.5,
        max_active_runs=random.randint(1, 2),
        reprocess=random.choice(("none", "failed", "completed")),
        newest_version=random.random() < 0.5,
    )

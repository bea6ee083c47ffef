"""What one event leaves to be done: follow the consequences until nothing moves by itself any more."""

from __future__ import annotations

from datetime import datetime

from etesian.scheduler.core.assets import create_asset_run
from etesian.scheduler.core.backfills import advance_backfills
from etesian.scheduler.core.expand import expand
from etesian.scheduler.core.halt import fail_fast
from etesian.scheduler.core.memory import Instance, Memory
from etesian.scheduler.core.runs import finish_run, start_runs
from etesian.scheduler.core.runs_due import review_schedule
from etesian.scheduler.core.upstream import doubt_node, evaluate_instance, evaluate_node


def settle(memory: Memory, now: datetime) -> None:
    """Expand what can be, evaluate what was touched, finish runs, in this order, until all is quiet."""
    while True:
        if memory.failed_fast:
            run, task_id = memory.failed_fast.popitem()
            fail_fast(memory, run, task_id, now)
        elif memory.doubted:
            doubt_node(memory, memory.doubted.popleft())
        elif memory.fed:
            expand(memory, *memory.fed.popleft(), now)
        elif memory.touched:
            _evaluate_touched(memory, now)
        elif memory.ended:
            finish_run(memory, memory.ended.popleft(), now)
        else:
            return


def admit_runs(memory: Memory, now: datetime) -> None:
    """Start the runs that may start, and let schedules go on that were held up.

    Only at the end of a batch: a new leader must have loaded all running runs before it counts them.
    """
    while memory.waiting_dags:
        dag = next(iter(memory.waiting_dags))
        del memory.waiting_dags[dag]
        create_asset_run(memory, dag, now)
        start_runs(memory, dag, now)
        advance_backfills(memory, dag, now)
        review_schedule(memory, dag, now)
        settle(memory, now)


def _evaluate_touched(memory: Memory, now: datetime) -> None:
    touched = memory.touched
    while touched:
        target = touched.popleft()
        if isinstance(target, Instance):
            evaluate_instance(memory, target, now)
        else:
            evaluate_node(memory, target, now)

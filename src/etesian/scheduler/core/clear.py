"""Clear: forget what task instances came to, so that they run again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from etesian.lifecycle.state import RunState, TaskState
from etesian.protocol.commands import ClearTasks, TaskSelection
from etesian.scheduler.core.attempts import stop_attempt
from etesian.scheduler.core.decisions import ClearXComs
from etesian.scheduler.core.deferral import end_wait
from etesian.scheduler.core.graph import DagGraph
from etesian.scheduler.core.memory import Instance, Memory, Run
from etesian.scheduler.core.moves import FRESH, move
from etesian.scheduler.core.past import forget_recent
from etesian.scheduler.core.runs import enqueue_run
from etesian.scheduler.core.selection import select_instances, select_runs, select_tasks
from etesian.scheduler.core.timers import TimerKind
from etesian.scheduler.core.upstream import withdraw
from etesian.scheduler.core.versions import change_version


def clear_tasks(memory: Memory, command: ClearTasks, now: datetime) -> None:
    """Clear the selected task instances; finished runs are queued again."""
    for run in select_runs(memory, command.selection):
        chosen = _select(run, command.selection)
        if not chosen:
            continue
        newest = run.dag.graph
        if newest is not None and newest is not run.graph and _wants_newest(command, newest):
            change_version(memory, run, newest)
            chosen = _select(run, command.selection)
        clear_instances(memory, run, chosen, now, note=command.note)


def _wants_newest(command: ClearTasks, newest: DagGraph) -> bool:
    if command.newest_version is None:
        return bool(newest.spec.rerun_with_latest_version)
    return command.newest_version


def _select(run: Run, selection: TaskSelection) -> list[Instance]:
    if not run.nodes:
        return []
    numbers = select_tasks(run.graph, selection, with_setups=True)
    return select_instances(run, numbers, selection)


def clear_run(memory: Memory, run: Run, now: datetime) -> None:
    """Clear all task instances of a run."""
    clear_instances(memory, run, [it for it in run.instances() if it.state is not TaskState.REMOVED], now)


def clear_instances(
    memory: Memory, run: Run, chosen: Sequence[Instance], now: datetime, *, note: str | None = None
) -> None:
    """Clear these task instances of one run; if it was finished, it is queued again."""
    _forget_skips(memory, run, chosen)
    for instance in chosen:
        if note is not None:
            memory.update(instance, note=note)
        _clear(memory, instance)
    if run.record.marked is not None:
        memory.update_run(run, marked=None, reason=None)
    if run.record.state.is_final and run.unfinished:
        _revive(memory, run, now)


def _forget_skips(memory: Memory, run: Run, chosen: Sequence[Instance]) -> None:
    """A branch that decides anew must not be bound by what it decided before; one that is not cleared still is."""
    deciding = {instance.record.task_id for instance in chosen}
    for instance in run.instances():
        if instance.record.skipped_by in deciding:
            memory.update(instance, skipped_by=None)


def _clear(memory: Memory, instance: Instance) -> None:
    record = instance.record
    retries = instance.node.task.spec.retries
    if record.try_number:
        instance.node.run.lengths.pop((record.task_id, record.map_index), None)
        memory.decide(ClearXComs(key=record.key))
    match record.state:
        case TaskState.NONE | TaskState.RESTARTING | TaskState.REMOVED:
            pass
        case TaskState.RUNNING:
            stop_attempt(memory, instance, "cleared")
            memory.timers.cancel(TimerKind.OVERDUE, instance)
            move(memory, instance, TaskState.RESTARTING, max_tries=record.try_number + retries)
        case TaskState.SCHEDULED:
            withdraw(memory, instance)
            memory.update(instance, max_tries=instance.record.try_number + retries)
        case _:
            stop_attempt(memory, instance, "cleared")
            end_wait(memory, instance)
            move(memory, instance, TaskState.NONE, **FRESH | {"max_tries": record.try_number + retries})


def _revive(memory: Memory, run: Run, now: datetime) -> None:
    """Queue a finished run again."""
    memory.update_run(
        run,
        state=RunState.QUEUED,
        queued_at=now,
        started_at=None,
        ended_at=None,
        reason=None,
        clear_number=run.record.clear_number + 1,
    )
    memory.visitors.pop(run, None)
    forget_recent(run)
    enqueue_run(memory, run)
